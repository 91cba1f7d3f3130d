import type { Raster } from '../raster.ts';
import { type MetricOptions, planePair } from './planes.ts';

/**
 * Peak signal-to-noise ratio in dB, `10 log10(255^2 / MSE)`, with the mean taken over all measured pixels and
 * channels; `Infinity` for equal images. The peak is 255 for `Y` too, though luma spans only 16..235.
 * @throws PellucidError `metric/size` when the sizes differ or the crop leaves nothing; `metric/not-finite`.
 */
export function psnr(a: Raster, b: Raster, options: MetricOptions): number {
  const pair = planePair(a, b, options);
  let squares = 0;
  for (const [channel, plane] of pair.a.entries()) {
    const other = pair.b[channel]!;
    for (let i = 0; i < plane.length; i++) squares += (plane[i]! - other[i]!) ** 2;
  }
  const mse = squares / (pair.a.length * pair.width * pair.height);
  return 10 * Math.log10(255 ** 2 / mse);
}
