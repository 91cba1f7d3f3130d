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

export const globalPool: Op<GlobalPool> = {
  demand: everywhere,
  run({ statistic }, [x]) {
    return tf.tidy(() => {
      const mean = tf.mean(x!, [1, 2], true) as tf.Tensor4D;
      if (statistic === 'mean') return mean;
      const squares = tf.square(tf.sub(x!, mean));
      if (statistic === 'deviation') return tf.sqrt(tf.mean(squares, [1, 2], true));
      const [, height, width] = x!.shape;
      return tf.div(tf.sum(squares, [1, 2], true), Math.max(1, height * width - 1));
    });
  },
};

export const blockPool: Op<BlockPool> = {
  demand: ({ block }, { from, to }): Span => ({ from: from * block, to: to * block + block - 1 }),
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
