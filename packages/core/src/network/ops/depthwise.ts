import * as tf from '@tensorflow/tfjs-core';
import { depthwiseFilterGradient } from '../../kernels/composed.ts';
import { padding } from './conv.ts';
import { convolutionInputs, type NodeBase, type Op, type Weight } from './op.ts';

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
  /** With the bias in the same kernel. */
  run: (node, [x], weights) =>
    tf.engine().runKernel(tf.FusedDepthwiseConv2D, convolutionInputs(node, x!, weights), {
      strides: [1, 1],
      pad: 'same',
      dataFormat: 'NHWC',
      dilations: [node.dilation, node.dilation],
      activation: 'linear',
    }) as tf.Tensor4D,
};

/** Of any dilation, where TensorFlow.js has gradients for 1 alone; and only what is asked for, as in `conv.ts`. */
if (!tf.getGradient(tf.FusedDepthwiseConv2D))
  tf.registerGradient({
    kernelName: tf.FusedDepthwiseConv2D,
    inputsToSave: ['x', 'filter'],
    gradFunc(dy, saved, { activation: _, ...attributes }) {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      const dilation = (attributes.dilations as number[])[0]!;
      const run = (kernel: string, inputs: tf.NamedTensorMap, more: tf.NamedAttrMap) =>
        tf.engine().runKernel(kernel, inputs, { ...attributes, ...more }) as tf.Tensor;
      return {
        x: () =>
          dilation > 1
            ? tf.depthwiseConv2d(dy as tf.Tensor4D, tf.reverse(filter, [0, 1]), 1, 'same', 'NHWC', dilation)
            : run(
                tf.DepthwiseConv2dNativeBackpropInput,
                { dy: dy as tf.Tensor, filter },
                { inputShape: x.shape },
              ),
        filter: () => {
          if (dilation === 1)
            return run(
              tf.DepthwiseConv2dNativeBackpropFilter,
              { x, dy: dy as tf.Tensor },
              { filterShape: filter.shape },
            );
          const info = tf.backend_util.computeConv2DInfo(
            x.shape,
            filter.shape,
            1,
            dilation,
            'same',
            undefined,
            true,
          );
          return depthwiseFilterGradient(x, dy as tf.Tensor4D, info);
        },
        bias: () => tf.sum(dy as tf.Tensor, [0, 1, 2]),
      };
    },
  });
