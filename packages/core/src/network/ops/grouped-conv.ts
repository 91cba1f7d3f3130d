import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op } from './op.ts';

/** A zero-padded convolution in which each output channel reads a group of neighbouring input channels of its own. */
export interface GroupedConv extends NodeBase {
  op: 'grouped-conv';
  /** Its weight is `<name>.weight` [kernel, kernel, group, channels]. */
  name: string;
  /** Odd. */
  kernel: number;
  /** Input channels that an output channel reads. */
  group: number;
}

export const groupedConv: Op<GroupedConv> = {
  weights: ({ name, kernel, group, channels }) => [
    {
      name: `${name}.weight`,
      shape: [kernel, kernel, group, channels],
      layout: 'conv',
      deviation: Math.sqrt(1 / (kernel * kernel * group)),
    },
  ],
  macs: ({ kernel, group, channels }) => kernel * kernel * group * channels,
  demand: ({ kernel }, { from, to }) => ({ from: from - (kernel - 1) / 2, to: to + (kernel - 1) / 2 }),
  scratch: ({ group, channels }, positions) => 4 * group * channels * positions,
  run({ name, kernel, group, channels }, [x], weights) {
    const [n, h, w] = x!.shape;
    return tf.tidy(() => {
      // A depthwise convolution of all inputs, then the sum of each group.
      const byInput = tf.transpose(weights[`${name}.weight`]!, [0, 1, 3, 2]);
      const filter = tf.reshape(byInput, [kernel, kernel, channels * group, 1]) as tf.Tensor4D;
      const each = tf.depthwiseConv2d(x!, filter, 1, 'same');
      return tf.sum(tf.reshape(each, [n, h, w, channels, group]), 4);
    });
  },
};
