import * as z from 'zod';
import type { Degradation } from './degradation.ts';

/** Settings of a mixture: every image is spoilt by one of several degradations. */
export function mixtureOf<T extends z.ZodType>(degradation: T) {
  return z.strictObject({
    kind: z.literal('mixture'),
    /** The degradations, and how many of all images each spoils, in proportion to the sum of the shares. */
    parts: z.array(z.strictObject({ share: z.number().positive().default(1), of: degradation })).min(2),
  });
}

/**
 * Spoils each image by one of several degradations of equal scale, drawn in proportion to their shares.
 */
export function mixture(parts: readonly { share: number; of: Degradation }[]): Degradation {
  const whole = parts.reduce((sum, { share }) => sum + share, 0);
  return {
    reach: Math.max(...parts.map(({ of: { reach = 0 } }) => reach)),
    apply(pixels, width, height, random) {
      let place = random.uniform(0, whole);
      const chosen = parts.find(({ share }) => {
        place -= share;
        return place < 0;
      });
      return (chosen ?? parts.at(-1)!).of.apply(pixels, width, height, random);
    },
  };
}
