import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op, Weight } from './op.ts';

export type Activation = 'none' | 'relu';

/** A zero-padded convolution with bias and activation; the output has the input's size. */
export interface Conv extends NodeBase {
  op: 'conv';
  /** Its weights are `<name>.weight` [kernel, kernel, in, out] and `<name>.bias` [out]. */
  name: string;
  kernel: 1 | 3;
  inputChannels: number;
  activation: Activation;
  /** Scales the starting weights: 0 on the last layer makes a fresh residual network the identity. */
  gain: number;
}

export const conv: Op<Conv> = {
  weights({ name, kernel, inputChannels, channels, activation, gain }): Weight[] {
    // He et al. 2015: variance 2 / fan-in keeps the signal's size through a ReLU, 1 / fan-in without one.
    const variance = (activation === 'relu' ? 2 : 1) / (kernel * kernel * inputChannels);
    return [
      {
        name: `${name}.weight`,
        shape: [kernel, kernel, inputChannels, channels],
        deviation: gain * Math.sqrt(variance),
      },
      { name: `${name}.bias`, shape: [channels], deviation: 0 },
    ];
  },
  macs: ({ kernel, inputChannels, channels }) => kernel * kernel * inputChannels * channels,
  demand({ kernel }, { from, to }) {
    const reach = (kernel - 1) / 2;
    return { from: from - reach, to: to + reach };
  },
  // The stock wasm kernel keeps a table of 4-byte input pointers, one for each tap of each output position.
  scratch: ({ kernel }, positions) => 4 * kernel * kernel * positions,
  run: ({ name, activation }, [x], weights) =>
    fusedConv(
      x!,
      weights[`${name}.weight`] as tf.Tensor4D,
      weights[`${name}.bias`] as tf.Tensor1D,
      activation,
    ),
};

/**
 * Convolution, bias and activation in one kernel, in training too. `tf.fused.conv2d` comes apart into three kernels
 * whenever a gradient is wanted, because its gradient would need the sum before the activation; for ReLU the output's
 * sign says as much.
 */
function fusedConv(
  x: tf.Tensor4D,
  weight: tf.Tensor4D,
  bias: tf.Tensor1D,
  activation: Activation,
): tf.Tensor4D {
  const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
  const run = (kernel: string, inputs: Record<string, tf.Tensor>, more: object) =>
    tf.engine().runKernel(kernel, inputs, { ...attributes, ...more }) as tf.Tensor4D;

  const differentiable = tf.customGrad((...args) => {
    const [x, weight, bias, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor1D,
      tf.GradSaveFunc,
    ];
    const y = run(
      'FusedConv2D',
      { x, filter: weight, bias },
      { activation: activation === 'relu' ? 'relu' : 'linear' },
    );
    save([x, weight, y]);
    return {
      value: y,
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [x, weight, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
        const inner = activation === 'relu' ? tf.mul(dy, tf.step(y)) : dy;
        return [
          run('Conv2DBackpropInput', { dy: inner, filter: weight }, { inputShape: x.shape }),
          run('Conv2DBackpropFilter', { x, dy: inner }, { filterShape: weight.shape }),
          tf.sum(inner, [0, 1, 2]),
        ];
      },
    };
  });
  return differentiable(x, weight, bias) as tf.Tensor4D;
}
