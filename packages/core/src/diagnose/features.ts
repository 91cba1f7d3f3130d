import type { Raster } from '../raster.ts';
import { BlockStatistics } from './blockiness.ts';
import { GrainStatistics } from './grain.ts';
import { NoiseStatistics } from './noise.ts';
import { regionsOf } from './regions.ts';
import { SharpnessStatistics } from './sharpness.ts';
import { StreakStatistics } from './streaks.ts';

/**
 * What a diagnosis is made from: the classifier's input. Takes a few MB, and milliseconds whatever the size.
 * @param image of at least 32 x 32 pixels.
 */
export function diagnosticFeatures(image: Raster): number[] {
  const statistics = [
    new NoiseStatistics(),
    new GrainStatistics(),
    new SharpnessStatistics(),
    new BlockStatistics(),
    new StreakStatistics(),
  ];
  for (const region of regionsOf(image)) for (const part of statistics) part.add(region);
  return statistics.flatMap((part) => part.features());
}
