import * as tf from '@tensorflow/tfjs-core';

/**
 * How far apart two images' spectra are: mean |DCT(a) - DCT(b)|, with the orthonormal DCT-II of whole images, so that
 * each frequency counts alike, however weak. An L1 of pixels hardly sees the weak ones, which is most of what blur, noise
 * and reduction take away; both are equal where the difference is white. What all pixels have in common is one
 * coefficient of thousands here, so that an L1 of pixels, be it weak, belongs beside it.
 *
 * After the frequency loss of MIMO-UNet (Cho et al., ICCV 2021), which has a Fourier transform; the cosine transform,
 * which sees no edge where the image would wrap around, is ours.
 *
 * @param a, b [n, h, w, c] of one shape
 */
export function spectrumLoss(a: tf.Tensor4D, b: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const [n, h, w, c] = a.shape;
    // Plane by plane, each row's transform, then each column's. Not every engine multiplies one matrix by a batch of them.
    const rows: tf.Tensor2D = tf.reshape(tf.transpose(tf.sub(a, b), [0, 3, 1, 2]), [n * c * h, w]);
    const across = tf.reshape(tf.matMul(rows, cosines(w), false, true), [n * c, h, w]);
    const columns: tf.Tensor2D = tf.reshape(tf.transpose(across, [0, 2, 1]), [n * c * w, h]);
    return tf.mean(tf.abs(tf.matMul(columns, cosines(h), false, true))) as tf.Scalar;
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
