import * as z from 'zod';
import { resizeBicubic } from '../resize/bicubic.ts';
import type { ImmediateDegradation } from './degradation.ts';
import { fromBytes, toBytes } from './eight-bit.ts';

/** Settings of the loss of resolution that super-resolution undoes. */
export const BicubicDownscaleSettings = z.strictObject({
  kind: z.literal('bicubic-downscale'),
  /** How many times smaller each side becomes. */
  scale: z.union([z.literal(2), z.literal(3), z.literal(4)]),
});
export type BicubicDownscaleSettings = z.infer<typeof BicubicDownscaleSettings>;

/**
 * Reduces as the literature makes its low-resolution images, by MATLAB's `imresize` of an 8-bit image: antialiased
 * bicubic, the border mirrored, the result 8-bit too. Nothing about it is random.
 */
export function bicubicDownscale({
  scale,
}: Omit<BicubicDownscaleSettings, 'kind'>): ImmediateDegradation & { scale: number } {
  return {
    scale,
    apply(pixels, width, height) {
      const data = toBytes(pixels);
      const reduced = resizeBicubic({ width, height, channels: 3, data }, 1 / scale);
      return fromBytes(reduced.data);
    },
  };
}
