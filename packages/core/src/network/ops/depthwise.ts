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
  run({ name, dilation, bias }, [x], weights) {
    const filter = weights[`${name}.weight`] as tf.Tensor4D;
    return convolve(x!, filter, bias ? (weights[`${name}.bias`] as tf.Tensor1D) : undefined, dilation);
  },
};

/** With the bias in the same kernel, and the gradients that TensorFlow.js has for a dilation of 1 alone. */
function convolve(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  dilation: number,
): tf.Tensor4D {
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [dilation, dilation] };
  const run = (kernel: string, inputs: tf.NamedTensorMap, more = {}) =>
    tf.engine().runKernel(kernel, inputs, { ...attributes, ...more }) as tf.Tensor4D;
  const differentiable = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [x, filter, bias] = args.slice(0, -1) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D?];
    save([x, filter]);
    return {
      value: bias
        ? run(tf.FusedDepthwiseConv2D, { x, filter, bias }, { activation: 'linear' })
        : run(tf.DepthwiseConv2dNative, { x, filter }),
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
        const gradients =
          dilation > 1
            ? dilatedGradients(x, filter, dy as tf.Tensor4D, dilation)
            : [
                run(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter }, { inputShape: x.shape }),
                run(tf.DepthwiseConv2dNativeBackpropFilter, { x, dy }, { filterShape: filter.shape }),
              ];
        return bias ? [...gradients, tf.sum(dy, [0, 1, 2]) as tf.Tensor4D] : gradients;
      },
    };
  });
  return (bias ? differentiable(x, filter, bias) : differentiable(x, filter)) as tf.Tensor4D;
}

function dilatedGradients(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor4D,
  dilation: number,
): tf.Tensor4D[] {
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, 1, dilation, 'same', undefined, true);
  return [
    tf.depthwiseConv2d(dy, tf.reverse(filter, [0, 1]), 1, 'same', 'NHWC', dilation),
    depthwiseFilterGradient(x, dy, info),
  ];
}
