import { PellucidError } from '../errors.ts';
import { type Raster, whiteLevel } from '../raster.ts';

/** Which samples make up each sample of a resized line, and how much of each. */
interface Contributions {
  length: number;
  taps: number;
  /** `length * taps` indices into the line. */
  indices: Int32Array;
  /** `length * taps` weights; those of one sample sum to 1. */
  weights: Float64Array;
}

/**
 * Resizes by bicubic interpolation as MATLAB's `imresize(image, scale)` does, which papers on super-resolution make
 * their low-resolution inputs with: Keys' kernel with a = -0.5, stretched by 1 / scale when shrinking so that it
 * removes what would alias, the border mirrored (the last sample repeated), size `ceil(scale * size)`, in double
 * precision, columns first.
 *
 * The result has the image's type. Integers are clipped and rounded after the columns and again after the rows, as
 * MATLAB does; floats are neither. All channels, alpha too, are treated alike.
 * @param scale more than 0; 0.5 halves, 3 trebles.
 * @throws PellucidError `resize/scale`
 */
export function resizeBicubic(image: Raster, scale: number): Raster {
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    throw new PellucidError('resize/scale', `An image cannot be resized by ${scale}; give a number above 0.`);
  }
  const { channels, data } = image;
  const white = whiteLevel(data);
  const columns = contributions(image.width, scale);
  const rows = contributions(image.height, scale);
  const size = columns.length * rows.length * channels;
  const resized =
    white === 1 ? new Float32Array(size) : white === 255 ? new Uint8Array(size) : new Uint16Array(size);
  const line = new Float64Array(image.width * channels);
  const out = new Float64Array(columns.length * channels);
  for (let y = 0; y < rows.length; y++) {
    mixRows(data, rows, y, line);
    if (white !== 1) quantise(line, white, line, 0);
    mixColumns(line, columns, channels, out);
    if (white === 1) resized.set(out, y * out.length);
    else quantise(out, white, resized, y * out.length);
  }
  return { width: columns.length, height: rows.length, channels, data: resized };
}

/** The same for one plane of doubles, without any rounding. */
export function resizePlane(
  plane: Float64Array,
  width: number,
  height: number,
  scale: number,
): { plane: Float64Array; width: number; height: number } {
  const columns = contributions(width, scale);
  const rows = contributions(height, scale);
  const resized = new Float64Array(columns.length * rows.length);
  const line = new Float64Array(width);
  for (let y = 0; y < rows.length; y++) {
    mixRows(plane, rows, y, line);
    mixColumns(line, columns, 1, resized.subarray(y * columns.length, (y + 1) * columns.length));
  }
  return { plane: resized, width: columns.length, height: rows.length };
}

function contributions(size: number, scale: number): Contributions {
  const length = Math.ceil(size * scale);
  const stretch = Math.min(scale, 1);
  const support = 4 / stretch;
  const candidates = Math.ceil(support) + 2;
  const kernels = Array.from({ length }, (_, to) => {
    // Sample centres lie at half-integers of a common axis.
    const centre = (to + 0.5) / scale - 0.5;
    const first = Math.floor(centre - support / 2) + 1;
    return Array.from({ length: candidates }, (_, k) => ({
      from: first + k,
      weight: keys(stretch * (centre - first - k)),
    })).filter(({ weight }) => weight !== 0);
  });
  const taps = Math.max(...kernels.map((kernel) => kernel.length));
  const indices = new Int32Array(length * taps);
  const weights = new Float64Array(length * taps);
  for (const [to, kernel] of kernels.entries()) {
    const total = kernel.reduce((sum, { weight }) => sum + weight, 0);
    for (const [k, { from, weight }] of kernel.entries()) {
      indices[to * taps + k] = mirrored(from, size);
      weights[to * taps + k] = weight / total;
    }
  }
  return { length, taps, indices, weights };
}

/** Keys, "Cubic convolution interpolation for digital image processing", 1981, a = -0.5. */
function keys(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d <= 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}

/** An index beyond a line of `size` samples, mirrored at its ends, which are repeated. */
export function mirrored(index: number, size: number): number {
  const phase = ((index % (2 * size)) + 2 * size) % (2 * size);
  return phase < size ? phase : 2 * size - 1 - phase;
}

/** One line of the resized height: rows of `values`, each as long as `line`, weighed. */
function mixRows(
  values: ArrayLike<number>,
  { taps, indices, weights }: Contributions,
  y: number,
  line: Float64Array,
) {
  line.fill(0);
  for (let k = y * taps; k < (y + 1) * taps; k++) {
    const weight = weights[k]!;
    const start = indices[k]! * line.length;
    if (weight !== 0) for (let i = 0; i < line.length; i++) line[i]! += weight * values[start + i]!;
  }
}

function mixColumns(
  line: Float64Array,
  { length, taps, indices, weights }: Contributions,
  channels: number,
  out: Float64Array,
) {
  for (let x = 0, to = 0; x < length; x++) {
    const first = x * taps;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let k = first; k < first + taps; k++) sum += weights[k]! * line[indices[k]! * channels + channel]!;
      out[to++] = sum;
    }
  }
}

function quantise(values: Float64Array, white: number, to: Raster['data'] | Float64Array, start: number) {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    to[start + i] = value < 0 ? 0 : value > white ? white : Math.floor(value + 0.5);
  }
}
