import { PellucidError } from '../errors.ts';
import type { Raster } from '../raster.ts';
import { gaussianWindow, WindowFilter } from './gaussian-window.ts';
import { type MetricOptions, planePair } from './planes.ts';

/** Side of SSIM's window. */
export const ssimSide = 11;
const window = gaussianWindow(ssimSide, 1.5);
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/**
 * Structural similarity (Wang et al., "Image quality assessment: from error visibility to structural similarity",
 * 2004), at most 1, which equal images have.
 *
 * As in the authors' `ssim_index.m`: Gaussian window of 11x11 with standard deviation 1.5, K1 = 0.01, K2 = 0.03, L =
 * 255, population (not sample) moments, the mean over the positions where the window lies inside the image, no
 * downsampling. For `RGB`, the mean over the channels.
 * @throws PellucidError `metric/size` when the sizes differ or the crop leaves less than 11x11 pixels;
 * `metric/not-finite`.
 */
export function ssim(a: Raster, b: Raster, options: MetricOptions): number {
  const { width, height, a: left, b: right } = planePair(a, b, options);
  if (width < ssimSide || height < ssimSide) {
    throw new PellucidError(
      'metric/size',
      `SSIM needs ${ssimSide}x${ssimSide} pixels, and ${width}x${height} are left; give larger images or crop less.`,
    );
  }
  const channels = left.map((plane, channel) => planeSsim(plane, right[channel]!, width, height).similarity);
  return channels.reduce((sum, value) => sum + value) / channels.length;
}

/**
 * Means over the window's positions of SSIM and of its contrast-structure factor alone.
 * @param a plane of `width * height` values, 0..255; `b` the same.
 */
export function planeSsim(
  a: Float64Array,
  b: Float64Array,
  width: number,
  height: number,
): { similarity: number; structure: number } {
  const across = width - ssimSide + 1;
  const filter = () => ({
    filter: new WindowFilter(window, across),
    row: new Float64Array(width),
    out: new Float64Array(across),
  });
  const [meanA, meanB, power, cross] = [filter(), filter(), filter(), filter()];
  let similarity = 0;
  let structure = 0;
  for (let y = 0; y < height; y++) {
    const start = y * width;
    for (let x = 0; x < width; x++) {
      const p = a[start + x]!;
      const q = b[start + x]!;
      power.row[x] = p * p + q * q;
      cross.row[x] = p * q;
    }
    meanA.filter.push(a, start);
    meanB.filter.push(b, start);
    power.filter.push(power.row);
    cross.filter.push(cross.row);
    if (y < ssimSide - 1) continue;
    for (const signal of [meanA, meanB, power, cross]) signal.filter.read(signal.out);
    for (let x = 0; x < across; x++) {
      const p = meanA.out[x]!;
      const q = meanB.out[x]!;
      const squares = p * p + q * q;
      const both = 2 * p * q;
      const term = (2 * cross.out[x]! - both + c2) / (power.out[x]! - squares + c2);
      structure += term;
      similarity += (term * (both + c1)) / (squares + c1);
    }
  }
  const positions = across * (height - ssimSide + 1);
  return { similarity: similarity / positions, structure: structure / positions };
}
