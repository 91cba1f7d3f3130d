import * as tf from '@tensorflow/tfjs-core';
import { windowDct } from '../network/ops/dct.ts';

const window = 8;

/**
 * The mean absolute difference of the orthonormal DCTs of two images' aligned squares of 8x8 pixels: each frequency of
 * JPEG's counts alike (`spectrum.ts` has that of whole images). What the paper of MTKD means by a loss in the DCT domain
 * could not be read; this form is ours.
 *
 * @param a, b [n, h, w, c] of one shape, whose sides are multiples of 8
 */
export function dctLoss(a: tf.Tensor4D, b: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const difference = tf.sub<tf.Tensor4D>(a, b);
    const node = { op: 'window-dct', channels: a.shape[3], stride: 1, window, inverse: false } as const;
    const coefficients = windowDct.run({ ...node, inputs: [0] }, [difference], {}, {});
    return tf.mean(tf.abs(tf.mul(coefficients, orthonormal(a.shape)))) as tf.Scalar;
  });
}

/** The factors that make orthonormal coefficients of the operation's, for an image of [h, w]: alike in each square. */
function orthonormal([, height, width]: readonly number[]): tf.Tensor4D {
  const factor = (frequency: number) => Math.sqrt(frequency === 0 ? 1 / (4 * window) : 1 / (2 * window));
  const along = (length: number) => Float32Array.from({ length }, (_, i) => factor(i % window));
  return tf.mul(
    tf.tensor4d(along(height!), [1, height!, 1, 1]),
    tf.tensor4d(along(width!), [1, 1, width!, 1]),
  ) as tf.Tensor4D;
}
