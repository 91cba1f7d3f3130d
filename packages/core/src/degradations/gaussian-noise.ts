import * as z from 'zod';
import { Random } from '../random.ts';
import type { ImmediateDegradation } from './degradation.ts';
import { fromBytes, toBytes } from './eight-bit.ts';
import { drawFrom, rangeOf } from './range.ts';

/** Settings of additive white Gaussian noise. */
export const GaussianNoiseSettings = z.strictObject({
  kind: z.literal('gaussian-noise'),
  /** Standard deviation on the scale 0..255, as papers give it (15, 25, 50): one value, or a range. */
  sigma: rangeOf(z.number().min(0).max(255)),
  /**
   * The share of images, 0..1, whose noisy version is clipped and rounded as an 8-bit file would hold it (0 unless
   * given). A network that never saw such input lightens black areas, where clipping leaves only the bright noise.
   */
  eightBit: z.number().min(0).max(1).optional(),
});
export type GaussianNoiseSettings = z.infer<typeof GaussianNoiseSettings>;

/** The standard deviation for one image, 0..255: `sigma` itself, or a value drawn uniformly from the range. */
export function drawSigma(sigma: GaussianNoiseSettings['sigma'], random: Random): number {
  return drawFrom(sigma, random);
}

/**
 * Adds white Gaussian noise, independent for every pixel and channel.
 *
 * The result is neither clipped nor rounded, as in the training of DnCNN (Zhang et al., 2017) and FFDNet (Zhang et
 * al., 2018) and in the usual test on CBSD68: clipping would make the noise depend on the image.
 *
 * @param pixels values on the scale 0..1; left as they are.
 * @param sigma standard deviation on the scale 0..255.
 */
export function addGaussianNoise(pixels: Float32Array, sigma: number, random: Random): Float32Array {
  const noisy = new Float32Array(pixels.length);
  for (let i = 0; i < noisy.length; i++) noisy[i] = pixels[i]! + (sigma / 255) * random.normal();
  return noisy;
}

/** Noise of the settings' sigma, in `eightBit` of the images as a file holds it. */
export function gaussianNoise({
  sigma,
  eightBit = 0,
}: Omit<GaussianNoiseSettings, 'kind'>): ImmediateDegradation {
  return {
    noiseLevel: (random) => drawSigma(sigma, Random.from(random.state())),
    apply(pixels, _width, _height, random) {
      const noisy = addGaussianNoise(pixels, drawSigma(sigma, random), random);
      const stored = eightBit > 0 && random.uniform(0, 1) < eightBit;
      return stored ? fromBytes(toBytes(noisy)) : noisy;
    },
  };
}
