import type * as tf from '@tensorflow/tfjs-core';
import type { Raster } from '../raster.ts';

/**
 * An image that an engine holds, read back, so that every metric can measure it: `piqe(await rasterOf(image))`.
 * @param image RGB in 0..1, shape [height, width, 3]; left alive.
 */
export async function rasterOf(image: tf.Tensor3D): Promise<Raster> {
  const [height, width] = image.shape;
  return { width, height, channels: 3, data: Float32Array.from(await image.data()) };
}
