import * as tf from '@tensorflow/tfjs-core';
import { padding } from './conv.ts';
import type { NodeBase, Op, Weight } from './op.ts';

/** A zero-padded convolution of each channel with a kernel of its own; the output has the input's size. */
export interface Depthwise extends NodeBase {
  op: 'depthwise';
  /** Its weights are `<name>.weight` [kernel, kernel, channels, 1] and, with a bias, `<name>.bias` [channels]. */
  name: string;
  /** Odd. */
  kernel: number;
  dilation: number;
  bias: boolean;
}

export const depthwise: Op<Depthwise> = {
  weights({ name, kernel, channels, bias }): Weight[] {
    const weight: Weight = {
      name: `${name}.weight`,
      shape: [kernel, kernel, channels, 1],
      layout: 'depthwise',
      deviation: 1 / kernel,
    };
    return bias
      ? [weight, { name: `${name}.bias`, shape: [channels], layout: 'vector', deviation: 0 }]
      : [weight];
  },
  macs: ({ kernel, channels }) => kernel * kernel * channels,
  demand(node, { from, to }) {
    const reach = padding({ ...node, step: 1 });
    return { from: from - reach, to: to + reach };
  },
  scratch: ({ channels, bias }, positions) => (bias ? 4 * channels * positions : 0),
  run({ name, dilation, bias }, [x], weights) {
    const filter = weights[`${name}.weight`] as tf.Tensor4D;
    const convolve = () => tf.depthwiseConv2d(x!, filter, 1, 'same', 'NHWC', dilation);
    return bias ? tf.tidy(() => tf.add(convolve(), weights[`${name}.bias`]!)) : convolve();
  },
};
