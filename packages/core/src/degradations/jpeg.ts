import * as z from 'zod';
import { PellucidError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Degradation } from './degradation.ts';
import { fromBytes, toBytes } from './eight-bit.ts';
import { drawFrom, rangeOf } from './range.ts';

/** Settings of the marks that storing as JPEG leaves. */
export const JpegSettings = z.strictObject({
  kind: z.literal('jpeg'),
  /** The encoder's quality, 1..100: one value, or a range from which each image draws its own. */
  quality: rangeOf(z.number().min(1).max(100)).default([10, 90]),
  /** The share of images, 0..1, whose colours are stored at half the resolution (4:2:0), as most are. */
  subsampled: z.number().min(0).max(1).default(0.7),
});
export type JpegSettings = z.infer<typeof JpegSettings>;

/**
 * Encodes and decodes 8-bit RGB with a real JPEG encoder, which core does not bring: there is another one for each
 * runtime.
 *
 * @param pixels interleaved rows, `width * height * 3` bytes
 * @returns as many bytes
 */
export type JpegCodec = (
  pixels: Uint8Array,
  width: number,
  height: number,
  options: { quality: number; subsampled: boolean },
) => Promise<Uint8Array>;

/**
 * Stores an image as JPEG and reads it again. The grid of 8x8 blocks begins at the image's corner.
 *
 * @throws PellucidError `degradation/no-codec` when applied without one
 */
export function jpeg({ quality, subsampled }: Omit<JpegSettings, 'kind'>, codec?: JpegCodec): Degradation {
  return {
    async apply(pixels, width, height, random: Random) {
      if (!codec)
        throw new PellucidError(
          'degradation/no-codec',
          'The degradation jpeg needs an encoder: give createDegradation one.',
        );
      const options = {
        quality: Math.round(drawFrom(quality, random)),
        subsampled: random.uniform(0, 1) < subsampled,
      };
      const bytes = toBytes(pixels);
      return fromBytes(await codec(bytes, width, height, options));
    },
  };
}
