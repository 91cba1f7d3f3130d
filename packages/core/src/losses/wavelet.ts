import * as tf from '@tensorflow/tfjs-core';

export interface WaveletOptions {
  /** How many times the image is taken apart, each time the low band of the last; 1 unless given. */
  levels?: number;
  /** `all`, or `details` without the low band that is left at the end. */
  bands?: 'all' | 'details';
}

/** One level of the orthonormal Haar transform of [n, h, w, c]: each band is [n, h/2, w/2, c]. */
export interface HaarBands {
  low: tf.Tensor4D;
  /** Differences across columns, across rows, and across both. */
  details: [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
}

/**
 * The wavelet loss of MTKD (Jiang et al., ECCV 2024, arXiv 2404.09571), after Zhang et al., Wavelet Knowledge
 * Distillation, CVPR 2022: images are alike where all bands of their Haar transforms are.
 *
 *     L = sum over levels k of mean |H_k(a) - H_k(b)| + mean |LL_K(a) - LL_K(b)|
 *
 * with the three detail bands H_k of a level averaged together. Zhang et al. take the details alone. The released code of
 * MTKD compares the low bands of one image of each batch, by an index that is left over from its loop; here, as the paper
 * has it, all are compared.
 *
 * @param a, b [n, h, w, c] of one shape; a side that does not halve is continued by one zero, as in that code
 */
export function waveletLoss(
  a: tf.Tensor4D,
  b: tf.Tensor4D,
  { levels = 1, bands = 'all' }: WaveletOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    // The transform is linear: that of the difference is the difference of both.
    let low = tf.sub<tf.Tensor4D>(a, b);
    const parts: tf.Scalar[] = [];
    for (let level = 0; level < levels; level++) {
      const apart = haar(low);
      const size = (band: tf.Tensor4D) => tf.mean(tf.abs(band)) as tf.Scalar;
      parts.push(tf.div(tf.addN(apart.details.map(size)), 3));
      low = apart.low;
    }
    if (bands === 'all') parts.push(tf.mean(tf.abs(low)));
    return tf.addN(parts) as tf.Scalar;
  });
}

/** One level of the transform. Odd sides are continued by one zero. */
export function haar(image: tf.Tensor4D): HaarBands {
  const [n, height, width, c] = image.shape;
  const [h, w] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const end = [
    [0, 0],
    [0, 2 * h - height],
    [0, 2 * w - width],
    [0, 0],
  ] as [number, number][];
  const even = 2 * h === height && 2 * w === width ? image : tf.pad(image, end);
  const [top, bottom] = halves(tf.reshape(even, [n * h, 2, 2 * w * c]));
  const columns = (rows: tf.Tensor) => {
    const [left, right] = halves(tf.reshape(rows, [n * h * w, 2, c]));
    const band = (values: tf.Tensor) => tf.reshape(tf.div(values, 2), [n, h, w, c]) as tf.Tensor4D;
    return [band(tf.add(left, right)), band(tf.sub(left, right))] as const;
  };
  const [low, acrossColumns] = columns(tf.add(top, bottom));
  const [acrossRows, acrossBoth] = columns(tf.sub(top, bottom));
  return { low, details: [acrossColumns, acrossRows, acrossBoth] };
}

/** The first and the second of each two along the middle axis. */
function halves(pairs: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const [rows, , values] = pairs.shape as [number, number, number];
  const part = (index: number) => tf.slice(pairs, [0, index, 0], [rows, 1, values]);
  return [part(0), part(1)];
}
