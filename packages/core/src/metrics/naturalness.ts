import { PellucidError } from '../errors.ts';
import type { Raster } from '../raster.ts';
import { resizePlane } from '../resize/bicubic.ts';
import { choleskySolve } from './cholesky.ts';
import { type FeatureModel, featureModel } from './feature-model.ts';
import { greyPlane } from './grey.ts';
import { mscn } from './mscn.ts';
import { pristineModel } from './pristine-model.ts';
import { sceneStatistics } from './scene-statistics.ts';

/** Side of a block at the first scale. */
const blockSide = 96;

/**
 * How far an image's statistics are from those of good photographs, 0 or more, without a reference and without any
 * judgement of people: the distance of NIQE (Mittal, Soundararajan and Bovik, "Making a completely blind image quality
 * analyzer", 2013), `sqrt((m1 - m2)' ((C1 + C2) / 2)^-1 (m1 - m2))`, over blocks of 96x96.
 *
 * It is in the style of NIQE and not NIQE: the features are BRISQUE's, and the model of good photographs is Pellucid's.
 * Its values cannot be compared with NIQE's.
 * @param model of good photographs; Pellucid's own unless given.
 * @throws PellucidError `metric/size` below 96x96 pixels; `metric/flat` when no block has texture; `metric/not-finite`
 */
export function naturalnessDistance(image: Raster, model: FeatureModel = pristineModel): number {
  const blocks = blockFeatures(image);
  if (blocks.length === 0) {
    throw new PellucidError(
      'metric/flat',
      'No part of the image has texture; its naturalness cannot be measured.',
    );
  }
  const own = featureModel(blocks);
  const difference = own.mean.map((value, i) => value - model.mean[i]!);
  const covariance = own.covariance.map((row, i) =>
    row.slice(0, i + 1).map((value, j) => (value + model.covariance[i]![j]!) / 2),
  );
  const weighed = choleskySolve(covariance, difference);
  return Math.sqrt(weighed.reduce((sum, value, i) => sum + value * difference[i]!, 0));
}

/** The 36 features (18 of `sceneStatistics` at each of two scales) of each whole block that is not flat. */
export function blockFeatures(image: Raster): number[][] {
  const { width, height } = image;
  const grey = greyPlane(image, 'The naturalness distance', blockSide);
  const half = resizePlane(grey, width, height, 0.5);
  const scales = [
    { plane: mscn(grey, width, height, 'replicate'), stride: width, side: blockSide },
    {
      plane: mscn(half.plane, half.width, half.height, 'replicate'),
      stride: half.width,
      side: blockSide / 2,
    },
  ];
  const columns = Math.floor(width / blockSide);
  const blocks = Array.from({ length: columns * Math.floor(height / blockSide) }, (_, block) =>
    scales.flatMap(({ plane, stride, side }) =>
      sceneStatistics({
        plane,
        stride,
        left: (block % columns) * side,
        top: Math.floor(block / columns) * side,
        width: side,
        height: side,
      }),
    ),
  );
  // Of a flat block, rounding alone leaves a power of about 1e-28.
  return blocks.filter((features) => features[1]! > 1e-6 && features[19]! > 1e-6);
}
