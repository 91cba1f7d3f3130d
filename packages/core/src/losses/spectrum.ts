import * as tf from '@tensorflow/tfjs-core';

/** Of the L1 of pixels: what they have in common, their mean above all, is a single coefficient among thousands. */
const pixelWeight = 0.05;

/**
 * How far apart two images' spectra are:
 *
 *     L = mean |DCT(a) - DCT(b)| + 0.05 mean |a - b|
 *
 * with the orthonormal DCT-II of whole images, so that each frequency counts alike, however weak. An L1 of pixels
 * hardly sees the weak ones, which is most of what blur, noise and reduction take away. Where the difference is white,
 * both terms are equal but for their weights.
 *
 * After the frequency loss of MIMO-UNet (Cho et al., ICCV 2021), whose Fourier transform is not orthonormal and outweighs
 * its L1 of pixels by about as much; the cosine transform, which sees no edge where the image would wrap around, is ours.
 *
 * @param a, b [n, h, w, c] of one shape
 */
export function spectrumLoss(a: tf.Tensor4D, b: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const [n, h, w, c] = a.shape;
    const difference = tf.sub<tf.Tensor4D>(a, b);
    // Plane by plane, each row's transform, then each column's. Not every engine multiplies one matrix by a batch of them.
    const rows: tf.Tensor2D = tf.reshape(tf.transpose(difference, [0, 3, 1, 2]), [n * c * h, w]);
    const across = tf.reshape(tf.matMul(rows, cosines(w), false, true), [n * c, h, w]);
    const columns: tf.Tensor2D = tf.reshape(tf.transpose(across, [0, 2, 1]), [n * c * w, h]);
    const spectrum = tf.matMul(columns, cosines(h), false, true);
    const size = (values: tf.Tensor) => tf.mean<tf.Scalar>(tf.abs(values));
    return tf.add<tf.Scalar>(size(spectrum), tf.mul(size(difference), pixelWeight));
  });
}

const known = new Map<number, Float32Array>();

/** The orthonormal DCT-II of `length` values as a matrix: a frequency to a row. */
function cosines(length: number): tf.Tensor2D {
  let values = known.get(length);
  if (!values) {
    values = Float32Array.from({ length: length ** 2 }, (_, at) => {
      const [frequency, position] = [Math.floor(at / length), at % length];
      const norm = Math.sqrt((frequency === 0 ? 1 : 2) / length);
      return norm * Math.cos((Math.PI * (2 * position + 1) * frequency) / (2 * length));
    });
    known.set(length, values);
  }
  return tf.tensor2d(values, [length, length]);
}
