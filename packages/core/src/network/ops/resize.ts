import * as tf from '@tensorflow/tfjs-core';
import { everywhere, type NodeBase, type Op, type Span } from './op.ts';

/**
 * Enlarges by a whole factor; `bilinear` with half-pixel centres (PyTorch's align_corners=False), `bilinear-corners` so
 * that the outermost positions stay where they are (align_corners=True): how it blends depends on the feature's size.
 */
export interface Resize extends NodeBase {
  op: 'resize';
  method: 'nearest' | 'bilinear' | 'bilinear-corners';
  factor: number;
}

export const resize: Op<Resize> = {
  demand({ method, factor }, { from, to }): Span {
    if (method === 'bilinear-corners') return everywhere();
    if (method === 'nearest') return { from: Math.floor(from / factor), to: Math.floor(to / factor) };
    // An output centre lies at (p + 1/2) / factor - 1/2 and is blended from the two inputs around it.
    const centre = (position: number) => (position + 0.5) / factor - 0.5;
    return { from: Math.floor(centre(from)), to: Math.ceil(centre(to)) };
  },
  // Each phase along an axis is moved and blended, and those along the first axis are joined, before the second.
  scratch({ method, factor, channels }, positions) {
    const copies = { nearest: 1 / factor, bilinear: 5 + 6 / factor, 'bilinear-corners': 0 };
    return 4 * channels * positions * copies[method];
  },
  run({ method, factor }, [x]) {
    const [, h, w] = x!.shape;
    // For teachers: its gradient is wrong where the sides differ.
    if (method === 'bilinear-corners') return tf.image.resizeBilinear(x!, [h * factor, w * factor], true);
    // Composed, since the stock gradients of both are wrong: bilinear for sides that differ, nearest on the cpu backend.
    const phases = Array.from({ length: factor }, (_, phase) =>
      method === 'nearest' ? 0 : (phase + 0.5) / factor - 0.5,
    );
    return tf.tidy(() => enlargeAxis(enlargeAxis(x!, 1, phases), 2, phases));
  },
};

/**
 * Replaces each position along an axis by one for each of `phases`: how far, in input positions, it lies from its own
 * input towards the next (or, negative, the previous) one. Beyond the ends the last position is repeated.
 */
function enlargeAxis(x: tf.Tensor4D, axis: 1 | 2, phases: number[]): tf.Tensor4D {
  const length = x.shape[axis];
  const part = (from: number, size: number) => {
    const begin = [0, 0, 0, 0];
    const sizes = [-1, -1, -1, -1];
    begin[axis] = from;
    sizes[axis] = size;
    return tf.slice(x, begin as [number, number, number, number], sizes as [number, number, number, number]);
  };
  const moved = (by: -1 | 1) =>
    length === 1
      ? x
      : by < 0
        ? tf.concat([part(0, 1), part(0, length - 1)], axis)
        : tf.concat([part(1, length - 1), part(length - 1, 1)], axis);
  const blended = phases.map((phase) => {
    if (phase === 0) return x;
    const weight = Math.abs(phase);
    return tf.add(tf.mul(x, 1 - weight), tf.mul(moved(phase < 0 ? -1 : 1), weight)) as tf.Tensor4D;
  });
  const [n, h, w, c] = x.shape;
  return axis === 1
    ? tf.reshape(tf.stack(blended, 2), [n, h * phases.length, w, c])
    : tf.reshape(tf.stack(blended, 3), [n, h, w * phases.length, c]);
}
