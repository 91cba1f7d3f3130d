import * as tf from '@tensorflow/tfjs-core';

/** [n, h, w, c] -> [n * h/window * w/window, window * window, c]: each window's positions as tokens, row by row. */
export function toWindows(x: tf.Tensor4D, window: number): tf.Tensor3D {
  const [n, h, w, c] = x.shape;
  const bands = tf.reshape(x, [(n * h) / window, window, w / window, window * c]);
  return tf.reshape(tf.transpose(bands, [0, 2, 1, 3]), [-1, window * window, c]);
}

/** The inverse of `toWindows`. */
export function fromWindows(
  tokens: tf.Tensor3D,
  window: number,
  [n, h, w]: [number, number, number],
): tf.Tensor4D {
  const c = tokens.shape[2];
  const bands = tf.reshape(tokens, [(n * h) / window, w / window, window, window * c]);
  return tf.reshape(tf.transpose(bands, [0, 2, 1, 3]), [n, h, w, c]);
}
