import { macsPerPixel } from '@pellucid/core';
import { wasmMemory } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { restorerFor } from './engine.ts';
import { picture } from './testing.ts';

test('restores in tiles within its share of the memory, and keeps no tensor', async () => {
  const restorer = await restorerFor('denoise');
  expect(await restorerFor('denoise')).toBe(restorer);
  const tensors = tf.memory().numTensors;
  for (const image of [picture(481, 321), picture(64, 2048, 4), picture(900, 600)]) {
    const restored = await restorer.restore(image);
    expect(restored.data.length).toBe(image.data.length);
    expect(tf.memory().numTensors).toBe(tensors);
  }
  expect(restorer.tiles(256, 256)).toBe(1);
  expect(restorer.tiles(900, 600)).toBeGreaterThan(1);
  // Strips compute no row twice.
  expect(restorer.macs(1024, 1024)).toBe(1024 * 1024 * macsPerPixel(restorer.model.graph));
  expect(wasmMemory(tf.backend()).buffer.byteLength).toBeLessThan(32 * 2 ** 20);
});
