import type { Raster } from '../raster.ts';
import { brisqueFeatures } from './brisque.ts';
import { regress } from './kernel-regressor.ts';
import { qualityModel } from './quality-model.ts';

/**
 * Pellucid's quality score: how spoilt an image looks, without a reference; about 0 (not at all) to 100, not clamped.
 *
 * It is BRISQUE's features under a regressor of our own. No people judged the images that it was fitted to: it estimates
 * `100 (1 - MS-SSIM)^(1/3)` to an original that it does not see, for noise, blur, compression, enlargement and pairs of
 * these. `packages/bench/scripts/fit-quality-score.ts` fits it and prints how well it agrees with the BRISQUE score.
 * @throws PellucidError as `brisqueFeatures` does.
 */
export function qualityScore(image: Raster): number {
  return regress(qualityModel, brisqueFeatures(image));
}
