import * as z from 'zod';
import { BicubicDownscaleSettings, bicubicDownscale } from './bicubic-downscale.ts';
import { CameraNoiseSettings, cameraNoise } from './camera-noise.ts';
import { chain } from './chain.ts';
import type { Degradation } from './degradation.ts';
import { GaussianNoiseSettings, gaussianNoise } from './gaussian-noise.ts';
import { type JpegCodec, JpegSettings, jpeg } from './jpeg.ts';
import { mixture, mixtureOf } from './mixture.ts';
import { MotionBlurSettings, motionBlur } from './motion-blur.ts';
import { RainSettings, rain } from './rain.ts';

export { BicubicDownscaleSettings, bicubicDownscale } from './bicubic-downscale.ts';
export { CameraNoiseSettings, cameraNoise } from './camera-noise.ts';
export type { Degradation, ImmediateDegradation } from './degradation.ts';
export { addGaussianNoise, drawSigma, GaussianNoiseSettings, gaussianNoise } from './gaussian-noise.ts';
export { type JpegCodec, JpegSettings, jpeg } from './jpeg.ts';
export { MotionBlurSettings, motionBlur } from './motion-blur.ts';
export { RainSettings, rain } from './rain.ts';

/** What can happen to a photograph after it was reduced; each pixel's fate is decided by its near neighbours. */
const AfterwardsSettings = z.discriminatedUnion('kind', [
  GaussianNoiseSettings,
  CameraNoiseSettings,
  JpegSettings,
]);

/** Those that keep an image's size. */
const InPlaceSettings = z.discriminatedUnion('kind', [
  ...AfterwardsSettings.options,
  RainSettings,
  MotionBlurSettings,
]);

/** The `degradation` of a recipe: `kind` and the settings of that kind. */
export const DegradationSettings = z.discriminatedUnion('kind', [
  ...InPlaceSettings.options,
  BicubicDownscaleSettings.extend({
    /** What spoils the reduced photograph in its turn; nothing unless given. */
    afterwards: z
      .discriminatedUnion('kind', [...AfterwardsSettings.options, mixtureOf(AfterwardsSettings)])
      .optional(),
  }),
  mixtureOf(InPlaceSettings),
]);
export type DegradationSettings = z.infer<typeof DegradationSettings>;

/**
 * The degradation that a recipe's settings describe.
 *
 * @param codec what JPEG is encoded with; without it a degradation that does so can be described, and not applied
 */
export function createDegradation(settings: DegradationSettings, codec?: JpegCodec): Degradation {
  switch (settings.kind) {
    case 'gaussian-noise':
      return gaussianNoise(settings);
    case 'camera-noise':
      return cameraNoise(settings, codec);
    case 'rain':
      return rain(settings);
    case 'motion-blur':
      return motionBlur(settings);
    case 'jpeg':
      return jpeg(settings, codec);
    case 'bicubic-downscale':
      return settings.afterwards
        ? chain(bicubicDownscale(settings), createDegradation(settings.afterwards, codec))
        : bicubicDownscale(settings);
    case 'mixture':
      return mixture(settings.parts.map(({ share, of }) => ({ share, of: createDegradation(of, codec) })));
  }
}
