import * as tf from '@tensorflow/tfjs-core';
import { convFilterGradient, convInputGradient } from '../../kernels/composed.ts';
import { CONV_ROWS } from '../../kernels/rows.ts';
import type { NodeBase, Op, Padding, Weight } from './op.ts';

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
    fusedConv(
      node,
      x!,
      weights[`${node.name}.weight`] as tf.Tensor4D,
      node.bias ? (weights[`${node.name}.bias`] as tf.Tensor1D) : undefined,
      rows,
    ),
  runBehind(node, [x], weights, rows, kept) {
    const inputs: tf.NamedTensorMap = { x: x!.tensor, filter: weights[`${node.name}.weight`]! };
    if (node.bias) inputs.bias = weights[`${node.name}.bias`]!;
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
 * Convolution, bias and activation in one kernel, in training too. `tf.fused.conv2d` comes apart into three kernels
 * whenever a gradient is wanted, because its gradient would need the sum before the activation; for ReLU, leaky or
 * not, the output's sign says as much.
 */
function fusedConv(
  node: Conv,
  x: tf.Tensor4D,
  weight: tf.Tensor4D,
  bias: tf.Tensor1D | undefined,
  rows: Padding | undefined,
): tf.Tensor4D {
  const { dilation, activation, slope } = node;
  const attributes = attributesOf(node, rows);
  const run = (kernel: string, inputs: Record<string, tf.Tensor>, more: object) =>
    tf.engine().runKernel(kernel, inputs, { ...attributes, ...more }) as tf.Tensor4D;

  const differentiable = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [x, weight, bias] = args.slice(0, -1) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D?];
    const y = run(
      'FusedConv2D',
      bias ? { x, filter: weight, bias } : { x, filter: weight },
      activationOf(node),
    );
    save([x, weight, y]);
    return {
      value: y,
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [x, weight, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
        const inner = activation === 'none' ? dy : tf.mul(dy, tf.step(y, activation === 'relu' ? 0 : slope));
        const gradients =
          dilation > 1 && tf.getBackend() !== 'wasm'
            ? dilatedGradients(x, weight, inner as tf.Tensor4D, dilation)
            : [
                run('Conv2DBackpropInput', { dy: inner, filter: weight }, { inputShape: x.shape }),
                run('Conv2DBackpropFilter', { x, dy: inner }, { filterShape: weight.shape }),
              ];
        return bias ? [...gradients, tf.sum(inner, [0, 1, 2]) as tf.Tensor4D] : gradients;
      },
    };
  });
  return (node.bias ? differentiable(x, weight, bias!) : differentiable(x, weight)) as tf.Tensor4D;
}

/** On backends whose own gradients overlook the dilation: all but ours. */
function dilatedGradients(
  x: tf.Tensor4D,
  weight: tf.Tensor4D,
  dy: tf.Tensor4D,
  dilation: number,
): tf.Tensor4D[] {
  const info = tf.backend_util.computeConv2DInfo(x.shape, weight.shape, 1, dilation, 'same');
  return [convInputGradient(dy, weight, info), convFilterGradient(x, dy, info)];
}
