import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** Each position's channels scaled to an L2 norm of 1 (PyTorch's F.normalize over the channels). */
export interface Normalize extends NodeBase {
  op: 'normalize';
}

export const normalize: Op<Normalize> = {
  demand: pointwise,
  streams: true,
  scratch: ({ channels }, positions) => 4 * channels * positions,
  run(_, [x]) {
    return tf.tidy(() => tf.mul(x!, tf.rsqrt(tf.maximum(tf.sum(tf.square(x!), 3, true), 1e-24))));
  },
};
