import * as z from 'zod';
import type { Random } from '../random.ts';

/** One value for all images, or a range `[low, high]` from which each image draws its own uniformly. */
export function rangeOf(value: z.ZodNumber) {
  return z.union([
    value,
    z.tuple([value, value]).refine(([low, high]) => low <= high, 'the lower value comes first: [low, high]'),
  ]);
}

export type Range = number | [number, number];

/** The value for one image: the range itself if it is one value, or one drawn uniformly from it. */
export function drawFrom(range: Range, random: Random): number {
  return typeof range === 'number' ? range : random.uniform(...range);
}

/** The highest value an image can draw. */
export function highest(range: Range): number {
  return typeof range === 'number' ? range : range[1];
}
