import * as tf from '@tensorflow/tfjs-core';
import { everywhere, type NodeBase, type Op, type Span } from './op.ts';

/** One statistic of each channel over the whole photograph: what channel attention looks at. */
export interface GlobalPool extends NodeBase {
  op: 'global-pool';
  /** `deviation` is the population's, `variance` the unbiased estimate. */
  statistic: 'mean' | 'deviation' | 'variance';
}

/** The largest value, or the mean, of each square of `block` x `block` positions. */
export interface BlockPool extends NodeBase {
  op: 'block-pool';
  statistic: 'mean' | 'max';
  block: number;
}

/** The mean of each position's `kernel` x `kernel` neighbourhood, as far as it lies in the feature. */
export interface AveragePool extends NodeBase {
  op: 'average-pool';
  /** Odd. */
  kernel: number;
}

export const globalPool: Op<GlobalPool> = {
  demand: everywhere,
  // The differences from the mean, and their squares.
  scratch: ({ statistic, channels }, positions) => (statistic === 'mean' ? 0 : 8 * channels * positions),
  run({ statistic }, [x]) {
    return tf.tidy(() => {
      const mean = tf.mean(x!, [1, 2], true) as tf.Tensor4D;
      if (statistic === 'mean') return mean;
      const squares = tf.tidy(() => tf.square(tf.sub(x!, mean)));
      if (statistic === 'deviation') return tf.sqrt(tf.mean(squares, [1, 2], true));
      const [, height, width] = x!.shape;
      return tf.div(tf.sum(squares, [1, 2], true), Math.max(1, height * width - 1));
    });
  },
};

export const blockPool: Op<BlockPool> = {
  demand: ({ block }, { from, to }): Span => ({ from: from * block, to: to * block + block - 1 }),
  // What the reduction along one axis leaves to the other.
  scratch: ({ block, channels }, positions) => 4 * channels * positions * block,
  run({ statistic, block }, [x]) {
    const [n, h, w, c] = x!.shape;
    // Reduced axis by axis: the stock max pooling has a wrong gradient on the wasm backend.
    const reduce = statistic === 'max' ? tf.max : tf.mean;
    return tf.tidy(() => {
      const columns = reduce(tf.reshape(x!, [n * h, w / block, block, c]), 2);
      const rows = reduce(tf.reshape(columns, [(n * h) / block, block, w / block, c]), 1);
      return tf.reshape(rows, [n, h / block, w / block, c]);
    });
  },
};

export const averagePool: Op<AveragePool> = {
  macs: ({ kernel, channels }) => kernel * kernel * channels,
  demand: ({ kernel }, { from, to }): Span => ({ from: from - (kernel - 1) / 2, to: to + (kernel - 1) / 2 }),
  scratch: ({ channels }, positions) => 4 * (channels + 2) * positions,
  run({ kernel }, [x]) {
    const [, height, width] = x!.shape;
    // Depthwise convolutions with ones: the stock average pooling has no gradient on the wasm backend.
    const sums = (y: tf.Tensor4D) =>
      tf.depthwiseConv2d(y, tf.ones([kernel, kernel, y.shape[3], 1]) as tf.Tensor4D, 1, 'same');
    return tf.tidy(() => tf.div(sums(x!), sums(tf.ones([1, height, width, 1]))));
  },
};
