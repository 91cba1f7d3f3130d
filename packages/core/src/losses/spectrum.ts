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
  // Its gradient is written out, so that of all steps of the transform the spectrum alone is kept for it.
  const loss = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [a, b, save] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    const [n, height, width, c] = a.shape;
    const spectrum = tf.tidy(() => {
      const planes: tf.Tensor3D = tf.reshape(tf.transpose(tf.sub(a, b), [0, 3, 1, 2]), [
        n * c,
        height,
        width,
      ]);
      return transform(planes, cosines(height), cosines(width));
    });
    save([spectrum]);
    const gradFunc = (slope: tf.Scalar, saved: tf.Tensor[]) => {
      const [spectrum] = saved as [tf.Tensor3D];
      const towards = tf.tidy(() => {
        const signs = tf.mul<tf.Tensor3D>(tf.step(spectrum, -1), tf.div(slope, spectrum.size));
        const planes = transform(
          signs,
          tf.transpose<tf.Tensor2D>(cosines(height)),
          tf.transpose<tf.Tensor2D>(cosines(width)),
        );
        return tf.transpose(tf.reshape(planes, [n, c, height, width]), [0, 2, 3, 1]);
      });
      return [towards, tf.neg(towards)];
    };
    return { value: tf.mean<tf.Scalar>(tf.abs(spectrum)), gradFunc };
  });
  return loss(a, b) as tf.Scalar;
}

/**
 * Each plane of [planes, height, width] between the matrices `down` and `across` transposed. Written with products of two
 * matrices, since not every engine multiplies one by a batch of them.
 */
function transform(planes: tf.Tensor3D, down: tf.Tensor2D, across: tf.Tensor2D): tf.Tensor3D {
  const [count, height, width] = planes.shape;
  const rows: tf.Tensor2D = tf.reshape(planes, [count * height, width]);
  const wide: tf.Tensor3D = tf.reshape(tf.matMul(rows, across, false, true), [count, height, width]);
  const columns: tf.Tensor2D = tf.reshape(tf.transpose(wide, [0, 2, 1]), [count * width, height]);
  const high: tf.Tensor3D = tf.reshape(tf.matMul(columns, down, false, true), [count, width, height]);
  return tf.transpose<tf.Tensor3D>(high, [0, 2, 1]);
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
