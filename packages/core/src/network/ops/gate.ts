import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../../kernels/gelu.ts';
import { type NodeBase, type Op, pointwise } from './op.ts';

/**
 * The product of the first half of the channels with the second: NAFNet's SimpleGate (Chen et al. 2022), or, with the
 * first half through a GELU, the gate of Restormer's feed-forward network (Zamir et al. 2022).
 */
export interface Gate extends NodeBase {
  op: 'gate';
  activation: 'none' | 'gelu';
}

export const gate: Op<Gate> = {
  demand: pointwise,
  // Both halves; the GELU adds two maps of its own beside the first.
  scratch: ({ channels, activation }, positions) =>
    4 * positions * channels * (activation === 'gelu' ? 4 : 2),
  run({ channels, activation }, [x]) {
    return tf.tidy(() => {
      const half = (index: number) =>
        tf.slice(x!, [0, 0, 0, index * channels], [-1, -1, -1, channels]) as tf.Tensor4D;
      return tf.mul(activation === 'gelu' ? gelu(half(0)) : half(0), half(1));
    });
  },
};
