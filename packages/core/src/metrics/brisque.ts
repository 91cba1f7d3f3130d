import { PellucidError } from '../errors.ts';
import type { Raster } from '../raster.ts';
import { resizePlane } from '../resize/bicubic.ts';
import { greyPlane } from './grey.ts';
import { type KernelRegressor, regress } from './kernel-regressor.ts';
import { mscn } from './mscn.ts';
import { sceneStatistics } from './scene-statistics.ts';

/** Sides below this are refused: the second scale would be smaller than the window that normalises it. */
const smallest = 16;

/**
 * The 36 features of BRISQUE (Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain",
 * 2012), 18 of `sceneStatistics` at the image's scale and 18 at half of it, as the authors' release computes them: grey
 * by MATLAB's `rgb2gray`, rounded; black beyond the border; the second scale by MATLAB's `imresize`.
 *
 * Where large parts of an image are flat, the sign of products is decided by the last bit of a double, and other
 * implementations of the same equations may differ.
 * @throws PellucidError `metric/size` below 16x16 pixels; `metric/flat` when all pixels are equal; `metric/not-finite`
 */
export function brisqueFeatures(image: Raster): number[] {
  let plane = greyPlane(image, 'BRISQUE', smallest);
  if (plane.every((value) => value === plane[0])) {
    throw new PellucidError(
      'metric/flat',
      'The image is of one grey throughout; BRISQUE says nothing about it.',
    );
  }
  let { width, height } = image;
  const features: number[] = [];
  for (const scale of [1, 0.5]) {
    if (scale !== 1) ({ plane, width, height } = resizePlane(plane, width, height, scale));
    const map = mscn(plane, width, height, 'zero');
    features.push(...sceneStatistics({ plane: map, stride: width, left: 0, top: 0, width, height }));
  }
  return features;
}

/**
 * The BRISQUE score of 36 features: nominally 0 (best) to 100 (worst), not clamped.
 *
 * The authors' release hands features to its support-vector machine through text, with six decimals, and scaled ones
 * with six digits; so does this, since scores depend on it in the third decimal.
 * @param svm a model as `readSupportVectorModel` returns it.
 */
export function brisqueScore(features: readonly number[], svm: KernelRegressor): number {
  return regress(
    svm,
    features.map((value) => Number(value.toFixed(6))),
    (value) => Number(value.toPrecision(6)),
  );
}
