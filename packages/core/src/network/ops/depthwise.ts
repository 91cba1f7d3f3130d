import * as tf from '@tensorflow/tfjs-core';
import { depthwiseFilterGradient } from '../../kernels/composed.ts';
import { padding } from './conv.ts';
import type { NodeBase, Op, Weight } from './op.ts';

/** A zero-padded convolution of each channel with kernels of its own; the output has the input's size. */
export interface Depthwise extends NodeBase {
  op: 'depthwise';
  /** Its weights are `<name>.weight` [kernel, kernel, in, multiplier] and, with a bias, `<name>.bias` [in * multiplier]. */
  name: string;
  /** Odd. */
  kernel: number;
  /** Outputs of each channel, which stand side by side. */
  multiplier: number;
  dilation: number;
  bias: boolean;
}

export const depthwise: Op<Depthwise> = {
  weights({ name, kernel, multiplier, channels, bias }): Weight[] {
    const weight: Weight = {
      name: `${name}.weight`,
      shape: [kernel, kernel, channels / multiplier, multiplier],
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
    const convolve = () => (dilation > 1 ? dilated(x!, filter, dilation) : plain(x!, filter, 1));
    return bias ? tf.tidy(() => tf.add(convolve(), weights[`${name}.bias`]!)) : convolve();
  },
};

const plain = (x: tf.Tensor4D, filter: tf.Tensor4D, dilation: number): tf.Tensor4D =>
  tf.depthwiseConv2d(x, filter, 1, 'same', 'NHWC', dilation);

/** With the gradients that TensorFlow.js has for a dilation of 1 alone. */
function dilated(x: tf.Tensor4D, filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  const differentiable = tf.customGrad((x, filter, save) => {
    (save as unknown as tf.GradSaveFunc)([x as tf.Tensor, filter as tf.Tensor]);
    return {
      value: plain(x as tf.Tensor4D, filter as tf.Tensor4D, dilation),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
        const info = tf.backend_util.computeConv2DInfo(
          x.shape,
          filter.shape,
          1,
          dilation,
          'same',
          undefined,
          true,
        );
        return [
          plain(dy as tf.Tensor4D, tf.reverse(filter, [0, 1]), dilation),
          depthwiseFilterGradient(x, dy as tf.Tensor4D, info),
        ];
      },
    };
  });
  return differentiable(x, filter) as tf.Tensor4D;
}
