import * as tf from '@tensorflow/tfjs-core';
import { convFilterGradient, convInputGradient } from '../../kernels/composed.ts';
import { CONV_ROWS } from '../../kernels/rows.ts';
import { convolutionInputs, type NodeBase, type Op, type Padding, type Weight } from './op.ts';

type ConvInfo = tf.backend_util.Conv2DInfo;

export type Activation = 'none' | 'relu' | 'leaky-relu';

/**
 * A zero-padded convolution with bias and activation. The output has the input's size divided by the step; an odd
 * kernel reaches equally far to all sides, an even one (with a step of 2) sits around its square of positions.
 */
export interface Conv extends NodeBase {
  op: 'conv';
  /** Its weights are `<name>.weight` [kernel, kernel, in, out] and, with a bias, `<name>.bias` [out]. */
  name: string;
  kernel: number;
  /** Positions from one output to the next, 1 or 2. */
  step: number;
  /** Positions between the kernel's neighbouring taps. */
  dilation: number;
  bias: boolean;
  inputChannels: number;
  activation: Activation;
  /** The slope of `leaky-relu` below zero. */
  slope: number;
  /** Scales the starting weights: 0 on the last layer makes a fresh residual network the identity. */
  gain: number;
}

/** Zeros before the first position, so that the output has the input's size divided by the step. */
export function padding({ kernel, step, dilation }: Pick<Conv, 'kernel' | 'step' | 'dilation'>): number {
  return kernel % 2 ? (dilation * (kernel - 1)) / 2 : (kernel - step) / 2;
}

export const conv: Op<Conv> = {
  weights({ name, kernel, inputChannels, channels, bias, activation, gain }): Weight[] {
    // He et al. 2015: variance 2 / fan-in keeps the signal's size through a ReLU, 1 / fan-in without one.
    const variance = (activation === 'none' ? 1 : 2) / (kernel * kernel * inputChannels);
    const weight: Weight = {
      name: `${name}.weight`,
      shape: [kernel, kernel, inputChannels, channels],
      layout: 'conv',
      deviation: gain * Math.sqrt(variance),
    };
    return bias
      ? [weight, { name: `${name}.bias`, shape: [channels], layout: 'vector', deviation: 0 }]
      : [weight];
  },
  macs: ({ kernel, inputChannels, channels }) => kernel * kernel * inputChannels * channels,
  demand(node, { from, to }) {
    const start = from * node.step - padding(node);
    return { from: start, to: start + (to - from) * node.step + node.dilation * (node.kernel - 1) };
  },
  // The stock wasm kernel keeps a table of 4-byte input pointers, one for each tap of each output position.
  scratch: ({ kernel }, positions) => 4 * kernel * kernel * positions,
  streams: true,
  run: (node, [x], weights, _, rows) =>
    tf.engine().runKernel(tf.FusedConv2D, convolutionInputs(node, x!, weights), {
      ...attributesOf(node, rows),
      ...activationOf(node),
    }) as tf.Tensor4D,
  runBehind(node, [x], weights, rows, kept) {
    const inputs = convolutionInputs(node, x!.tensor, weights);
    if (kept) inputs.kept = kept;
    const attributes = {
      ...attributesOf(node, rows),
      ...activationOf(node),
      rows: { from: x!.from, count: x!.count },
    };
    return tf.engine().runKernel(CONV_ROWS, inputs, attributes) as tf.Tensor4D;
  },
};

/** Where a convolution's filter goes, as kernels are told it. */
function attributesOf(node: Conv, rows: Padding | undefined) {
  const { step, dilation } = node;
  const pad = padding(node);
  const { above, below } = rows ?? { above: pad, below: pad };
  return {
    strides: [step, step],
    pad:
      step === 1 && above === pad && below === pad
        ? 'same'
        : [
            [0, 0],
            [above, below],
            [pad, pad],
            [0, 0],
          ],
    dataFormat: 'NHWC',
    dilations: [dilation, dilation],
  };
}

const activationNames = { none: 'linear', relu: 'relu', 'leaky-relu': 'leakyrelu' } as const;

const activationOf = ({ activation, slope }: Conv) => ({
  activation: activationNames[activation],
  leakyreluAlpha: slope,
});

/**
 * Convolution, bias and activation are one kernel in training too: `tf.fused.conv2d` comes apart into three whenever a
 * gradient is wanted, because its gradient would need the sum before the activation; for ReLU, leaky or not, the output's
 * sign says as much. And what is not asked for is not computed: neither a frozen teacher's filters nor the photograph
 * have a gradient.
 */
if (!tf.getGradient(tf.FusedConv2D))
  tf.registerGradient({
    kernelName: tf.FusedConv2D,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc(dy, saved, attributes) {
      const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const { activation, leakyreluAlpha, dilations, ...geometry } = attributes as {
        activation: string;
        leakyreluAlpha: number;
        dilations: number[];
      };
      const slope = activation === 'relu' ? 0 : leakyreluAlpha;
      const inner = activation === 'linear' ? dy : tf.mul(dy as tf.Tensor4D, tf.step(y, slope));
      const info = () =>
        tf.backend_util.computeConv2DInfo(x.shape, filter.shape, 1, dilations[0]!, 'same') as ConvInfo;
      const composed = dilations[0]! > 1 && tf.getBackend() !== 'wasm';
      const run = (kernel: string, inputs: tf.NamedTensorMap, more: object) =>
        tf
          .engine()
          .runKernel(kernel, inputs, { ...geometry, dilations, ...more } as tf.NamedAttrMap) as tf.Tensor;
      return {
        x: () =>
          composed
            ? convInputGradient(inner as tf.Tensor4D, filter, info())
            : run(tf.Conv2DBackpropInput, { dy: inner as tf.Tensor, filter }, { inputShape: x.shape }),
        filter: () =>
          composed
            ? convFilterGradient(x, inner as tf.Tensor4D, info())
            : run(tf.Conv2DBackpropFilter, { x, dy: inner as tf.Tensor }, { filterShape: filter.shape }),
        bias: () => tf.sum(inner as tf.Tensor, [0, 1, 2]),
      };
    },
  });
