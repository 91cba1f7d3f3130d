import { l1, spectrumLoss } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Recipe } from '../recipe.ts';
import type { Batch } from './method.ts';

/** How far a restored patch is from what it should be, as a recipe's `loss` weighs it. */
export function distanceOf(loss: Recipe['loss']): Batch['distance'] {
  const terms = [
    { of: l1, weight: loss.l1 },
    { of: spectrumLoss, weight: loss.spectrum },
  ].filter(({ weight }) => weight > 0);
  return (restored, wanted) =>
    tf.tidy(() => tf.addN(terms.map(({ of, weight }) => tf.mul(of(restored, wanted), weight))) as tf.Scalar);
}
