import { type Graph, infer, psnr, type Raster } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Pairs } from './data/index.ts';

/** Mean PSNR in dB of the degraded images: what a network has to beat. */
export function degradedPsnr(pairs: readonly Pairs[]): number {
  return mean(pairs.map((pair) => psnrOf(pair.degraded, pair)));
}

/** Mean PSNR in dB of what a network makes of the degraded images. */
export async function restoredPsnr(
  graph: Graph,
  weights: Record<string, tf.Tensor>,
  pairs: readonly Pairs[],
): Promise<number> {
  const values: number[] = [];
  for (const pair of pairs) {
    const input = tf.tensor4d(pair.degraded, pair.shape);
    const conditions = pair.noiseLevels ? { noiseLevel: pair.noiseLevels[0]! } : {};
    const output = infer(graph, weights, input, conditions);
    values.push(psnrOf((await output.data()) as Float32Array, pair));
    tf.dispose([input, output]);
  }
  return mean(values);
}

/** RGB, no border crop, both images clipped and rounded to 8 bits: what a person saving the file would measure. */
function psnrOf(pixels: Float32Array, { clean, shape: [, height, width] }: Pairs): number {
  const raster = (data: Float32Array): Raster => ({ width, height, channels: 3, data });
  return psnr(raster(pixels), raster(clean), { channel: 'RGB', crop: 0, round: true });
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
