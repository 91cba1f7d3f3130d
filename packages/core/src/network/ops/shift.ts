import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op } from './op.ts';

/**
 * Moves a feature by `offset` positions up and to the left (down and to the right where negative); what leaves on one
 * side enters on the other. Swin transformers (Liu et al. 2021) shift their windows so.
 */
export interface CyclicShift extends NodeBase {
  op: 'cyclic-shift';
  offset: number;
}

export const cyclicShift: Op<CyclicShift> = {
  // What enters on the far side is masked by the attention between two shifts, so only the near side counts.
  demand: ({ offset }, { from, to }) => ({ from: from + offset, to: to + offset }),
  run: ({ offset }, [x]) => tf.tidy(() => roll(roll(x!, 1, offset), 2, offset)),
};

function roll(x: tf.Tensor4D, axis: 1 | 2, offset: number): tf.Tensor4D {
  const length = x.shape[axis];
  const split = ((offset % length) + length) % length;
  const [head, tail] = tf.split(x, [split, length - split], axis) as [tf.Tensor4D, tf.Tensor4D];
  return tf.concat([tail, head], axis);
}
