import { wasmMemory } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { restorerFor } from './engine.ts';
import { picture } from './testing.ts';

test('restores in tiles within its share of the memory, and keeps no tensor', async () => {
  const restorer = await restorerFor('denoise');
  expect(await restorerFor('denoise')).toBe(restorer);
  const side = restorer.window + 40;
  const tensors = tf.memory().numTensors;
  for (const image of [picture(side, 64), picture(64, side, 4), picture(restorer.window, restorer.window)]) {
    const restored = await restorer.restore(image);
    expect(restored.data.length).toBe(image.data.length);
    expect(tf.memory().numTensors).toBe(tensors);
  }
  expect(restorer.tiles(side, 64)).toBe(2);
  expect(wasmMemory(tf.backend()).buffer.byteLength).toBeLessThan(50 * 2 ** 20);
});
