import { PellucidError } from '../errors.ts';
import type { Raster } from '../raster.ts';
import { type MetricOptions, planePair } from './planes.ts';
import { planeSsim, ssimSide } from './ssim.ts';

/** Of each scale, as the authors found them by experiment. */
export const msSsimWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** The shorter side that still holds one window at the last scale: each scale is half the one before, rounded up. */
const smallest = (ssimSide - 1) * 2 ** (msSsimWeights.length - 1) + 1;

/**
 * Multi-scale structural similarity (Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality
 * assessment", 2003), 0..1, where equal images have 1.
 *
 * Five scales, each the mean of the 2x2 pixels of the one before (a last odd row or column is averaged with itself);
 * contrast and structure at each, luminance at the last, raised to the authors' weights and multiplied. SSIM's window
 * and constants. A scale whose mean is negative counts as 0. For `RGB`, the mean over the channels.
 * @throws PellucidError `metric/size` when the sizes differ or the crop leaves less than 161x161 pixels;
 * `metric/not-finite`.
 */
export function msSsim(a: Raster, b: Raster, options: MetricOptions): number {
  const { width, height, a: left, b: right } = planePair(a, b, options);
  if (width < smallest || height < smallest) {
    throw new PellucidError(
      'metric/size',
      `MS-SSIM needs ${smallest}x${smallest} pixels, and ${width}x${height} are left; give larger images, crop less, or measure SSIM.`,
    );
  }
  const channels = left.map((plane, channel) =>
    scaleMeans(plane, right[channel]!, width, height).reduce(
      (product, mean, scale) => product * Math.max(0, mean) ** msSsimWeights[scale]!,
      1,
    ),
  );
  return channels.reduce((sum, value) => sum + value) / channels.length;
}

/** The mean at each of the five scales: contrast and structure, and at the last scale luminance too. */
export function scaleMeans(a: Float64Array, b: Float64Array, width: number, height: number): number[] {
  return msSsimWeights.map((_, scale) => {
    if (scale > 0) {
      a = halved(a, width, height);
      b = halved(b, width, height);
      width = Math.ceil(width / 2);
      height = Math.ceil(height / 2);
    }
    const { similarity, structure } = planeSsim(a, b, width, height);
    return scale === msSsimWeights.length - 1 ? similarity : structure;
  });
}

function halved(plane: Float64Array, width: number, height: number): Float64Array {
  const columns = Math.ceil(width / 2);
  const means = new Float64Array(columns * Math.ceil(height / 2));
  for (let i = 0; i < means.length; i++) {
    const left = 2 * (i % columns);
    const right = Math.min(left + 1, width - 1);
    const top = 2 * Math.floor(i / columns);
    const upper = top * width;
    const lower = Math.min(top + 1, height - 1) * width;
    means[i] =
      (plane[upper + left]! + plane[upper + right]! + plane[lower + left]! + plane[lower + right]!) / 4;
  }
  return means;
}
