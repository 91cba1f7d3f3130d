import { PellucidError } from '../errors.ts';
import type { Raster } from '../raster.ts';
import { type MetricOptions, planePair } from './planes.ts';

const side = 11;
const sigma = 1.5;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/** One row of the separable Gaussian window; sums to 1. */
const window = gaussian();

/**
 * Structural similarity (Wang et al., "Image quality assessment: from error visibility to structural similarity",
 * 2004), at most 1, which equal images have.
 *
 * As in the authors' `ssim_index.m`: Gaussian window of 11x11 with standard deviation 1.5, K1 = 0.01, K2 = 0.03, L =
 * 255, population (not sample) moments, the mean over the positions where the window lies inside the image, no
 * downsampling. For `RGB`, the mean over the channels.
 * @throws PellucidError `metric/size` when the sizes differ or the crop leaves less than 11x11 pixels.
 */
export function ssim(a: Raster, b: Raster, options: MetricOptions): number {
  const { width, height, a: left, b: right } = planePair(a, b, options);
  if (width < side || height < side) {
    throw new PellucidError(
      'metric/size',
      `SSIM needs ${side}x${side} pixels, and ${width}x${height} are left; give larger images or crop less.`,
    );
  }
  const channels = left.map((plane, channel) => planeSsim(plane, right[channel]!, width, height));
  return channels.reduce((sum, value) => sum + value) / channels.length;
}

function planeSsim(a: Float64Array, b: Float64Array, width: number, height: number): number {
  const meanA = filter(a, width, height);
  const meanB = filter(b, width, height);
  const squareA = filter(product(a, a), width, height);
  const squareB = filter(product(b, b), width, height);
  const cross = filter(product(a, b), width, height);
  let sum = 0;
  for (let i = 0; i < cross.length; i++) {
    const mean = meanA[i]! * meanB[i]!;
    const power = meanA[i]! ** 2 + meanB[i]! ** 2;
    const covariance = cross[i]! - mean;
    const variances = squareA[i]! + squareB[i]! - power;
    sum += ((2 * mean + c1) * (2 * covariance + c2)) / ((power + c1) * (variances + c2));
  }
  return sum / cross.length;
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  const products = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) products[i] = a[i]! * b[i]!;
  return products;
}

/** The plane under the Gaussian window, at the positions where the window lies inside. */
function filter(plane: Float64Array, width: number, height: number): Float64Array {
  const across = width - side + 1;
  const rows = new Float64Array(across * height);
  for (let y = 0; y < height; y++) weigh(plane, y * width, 1, rows, y * across, across);
  const filtered = new Float64Array(across * (height - side + 1));
  weigh(rows, 0, across, filtered, 0, filtered.length);
  return filtered;
}

/** `to[j] = sum over k of window[k] * from[j + k * step]`, for `count` values. */
function weigh(
  from: Float64Array,
  fromStart: number,
  step: number,
  to: Float64Array,
  toStart: number,
  count: number,
) {
  for (let k = 0; k < side; k++) {
    const weight = window[k]!;
    const start = fromStart + k * step;
    for (let j = 0; j < count; j++) to[toStart + j]! += weight * from[start + j]!;
  }
}

function gaussian(): Float64Array {
  const weights = Float64Array.from({ length: side }, (_, k) => Math.exp(-((k - 5) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
}
