import { type Graph, infer, psnr, type Raster, resizeBicubic } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { degradedShape, type Pairs } from './data/index.ts';

/**
 * Mean PSNR in dB of the degraded images, enlarged by bicubic where they are smaller, the first of each where a network
 * sees two: what it has to beat.
 */
export function degradedPsnr(pairs: readonly Pairs[]): number {
  return mean(pairs.map((pair) => psnrOf(pair.scale ? enlarged(pair, pair.scale) : firstImages(pair), pair)));
}

function firstImages(pair: Pairs): Float32Array {
  const channels = degradedShape(pair)[3];
  return channels === 3 ? pair.degraded : pair.degraded.filter((_, i) => i % channels < 3);
}

/** Mean PSNR in dB of what a network makes of the degraded images. */
export async function restoredPsnr(
  graph: Graph,
  weights: Record<string, tf.Tensor>,
  pairs: readonly Pairs[],
): Promise<number> {
  const values: number[] = [];
  for (const pair of pairs) {
    const input = tf.tensor4d(pair.degraded, degradedShape(pair));
    const conditions = pair.noiseLevels ? { noiseLevel: pair.noiseLevels[0]! } : {};
    const output = infer(graph, weights, input, conditions);
    values.push(psnrOf((await output.data()) as Float32Array, pair));
    tf.dispose([input, output]);
  }
  return mean(values);
}

/**
 * The literature's conventions for PSNR: RGB and the whole image, or, in super-resolution by `scale`, Y without a border
 * of that many pixels.
 */
export function psnrConventions(scale = 1): { channel: 'RGB' | 'Y'; crop: number } {
  return scale === 1 ? { channel: 'RGB', crop: 0 } : { channel: 'Y', crop: scale };
}

/** Of an image that equals the clean one, whose PSNR is infinite: more than any other has, and no end to a mean. */
const equal = 100;

/** Both images clipped and rounded to 8 bits: what a person saving the file would measure. */
function psnrOf(pixels: Float32Array, { clean, shape: [, height, width], scale }: Pairs): number {
  const raster = (data: Float32Array): Raster => ({ width, height, channels: 3, data });
  return Math.min(psnr(raster(pixels), raster(clean), { ...psnrConventions(scale), round: true }), equal);
}

function enlarged(pair: Pairs, scale: number): Float32Array {
  const [, height, width] = degradedShape(pair);
  return resizeBicubic({ width, height, channels: 3, data: pair.degraded }, scale).data as Float32Array;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
