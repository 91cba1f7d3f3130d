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
  // Both parts along an axis, joined, and both parts along the other.
  scratch: ({ channels }, positions) => 12 * channels * positions,
  run: ({ offset }, [x]) => shift(x!, offset),
};

/** Its gradient is the shift back: cheaper than that of slices, which pads each of them. */
function shift(x: tf.Tensor4D, offset: number): tf.Tensor4D {
  const differentiable = tf.customGrad((x) => ({
    value: tf.tidy(() => roll(roll(x as tf.Tensor4D, 1, offset), 2, offset)),
    gradFunc: (dy: tf.Tensor) => shift(dy as tf.Tensor4D, -offset),
  }));
  return differentiable(x) as tf.Tensor4D;
}

function roll(x: tf.Tensor4D, axis: 1 | 2, offset: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const length = x.shape[axis];
  const split = ((offset % length) + length) % length;
  // Not tf.split, which takes ten times as long on the wasm backend.
  const part = (from: number, size: number) =>
    axis === 1
      ? tf.slice(x, [0, from, 0, 0], [n, size, w, c])
      : tf.slice(x, [0, 0, from, 0], [n, h, size, c]);
  return tf.concat([part(split, length - split), part(0, split)], axis);
}
