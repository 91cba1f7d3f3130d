import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** Adds a trained value to each position of every aligned window, alike in all windows (Uformer's modulator). */
export interface WindowOffset extends NodeBase {
  op: 'window-offset';
  /** Its weight is `<name>.weight` [window^2, channels]. */
  name: string;
  window: number;
}

export const windowOffset: Op<WindowOffset> = {
  weights: ({ name, window, channels }) => [
    { name: `${name}.weight`, shape: [window * window, channels], layout: 'vector', deviation: 1 },
  ],
  demand: pointwise,
  run({ name, window, channels }, [x], weights) {
    const [n, h, w] = x!.shape;
    return tf.tidy(() => {
      const offsets = tf.reshape(weights[`${name}.weight`]!, [1, window, 1, window * channels]);
      const bands = tf.reshape(x!, [(n * h) / window, window, w / window, window * channels]);
      return tf.reshape(tf.add(bands, offsets), [n, h, w, channels]);
    });
  },
};
