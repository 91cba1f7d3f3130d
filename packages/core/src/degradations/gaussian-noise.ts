import { z } from 'zod';
import type { Random } from '../random.ts';
import type { Degradation } from './degradation.ts';

const Sigma = z.number().min(0).max(255);

/** Settings of additive white Gaussian noise. */
export const GaussianNoiseSettings = z.strictObject({
  kind: z.literal('gaussian-noise'),
  /**
   * Standard deviation on the scale 0..255, as papers give it (15, 25, 50): one value for all images, or a range
   * `[low, high]` from which each image draws its own uniformly.
   */
  sigma: z.union([
    Sigma,
    z.tuple([Sigma, Sigma]).refine(([low, high]) => low <= high, 'the lower sigma comes first: [low, high]'),
  ]),
});
export type GaussianNoiseSettings = z.infer<typeof GaussianNoiseSettings>;

/** The standard deviation for one image, 0..255: `sigma` itself, or a value drawn uniformly from the range. */
export function drawSigma(sigma: GaussianNoiseSettings['sigma'], random: Random): number {
  return typeof sigma === 'number' ? sigma : random.uniform(...sigma);
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
  return pixels.map((value) => value + (sigma / 255) * random.normal());
}

/**
 * Noise of the settings' sigma. A network that is told the noise level needs the drawn sigma: call `drawSigma` and
 * `addGaussianNoise` in turn, which is what this does.
 */
export function gaussianNoise({ sigma }: Omit<GaussianNoiseSettings, 'kind'>): Degradation {
  return {
    apply: (pixels, _width, _height, random) => addGaussianNoise(pixels, drawSigma(sigma, random), random),
  };
}
