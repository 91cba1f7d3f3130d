import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op, Span } from './op.ts';

/** Enlarges by a whole factor; `bilinear` with half-pixel centres (PyTorch's align_corners=False). */
export interface Resize extends NodeBase {
  op: 'resize';
  method: 'nearest' | 'bilinear';
  factor: number;
}

export const resize: Op<Resize> = {
  demand({ method, factor }, { from, to }): Span {
    if (method === 'nearest') return { from: Math.floor(from / factor), to: Math.floor(to / factor) };
    // An output centre lies at (p + 1/2) / factor - 1/2 and is blended from the two inputs around it.
    const centre = (position: number) => (position + 0.5) / factor - 0.5;
    return { from: Math.floor(centre(from)), to: Math.ceil(centre(to)) };
  },
  run({ method, factor }, [x]) {
    const [n, h, w, c] = x!.shape;
    if (method === 'bilinear') return tf.image.resizeBilinear(x!, [h * factor, w * factor], false, true);
    // Repeating by broadcast: the stock nearest-neighbour gradient is wrong on the cpu backend.
    return tf.tidy(() => {
      const wide = tf.tile(tf.reshape(x!, [n * h, w, 1, c]), [1, 1, factor, 1]);
      const high = tf.tile(tf.reshape(wide, [n * h, 1, w * factor, c]), [1, factor, 1, 1]);
      return tf.reshape(high, [n, h * factor, w * factor, c]);
    });
  },
};
