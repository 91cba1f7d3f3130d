import {
  buildNetwork,
  initialWeights,
  type Model,
  type NetworkConfig,
  Random,
  type Raster,
} from '@pellucid/core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from './engine/index.ts';
import { diagnosed } from './remedies.ts';

beforeAll(async () => void (await openEngine('wasm')));

/** A grey wall, under noise. */
function wall(size: number, sigma: number): Raster {
  const random = new Random(1);
  const data = Uint8Array.from({ length: size * size * 3 }, () => 128 + sigma * random.normal());
  return { width: size, height: size, channels: 3, data };
}

function model(task: string): Model {
  const network: NetworkConfig = { kind: 'edge-unet', widths: [8], encoder: [0], decoder: [] };
  const graph = buildNetwork(network);
  return { name: task, task, network, graph, weights: initialWeights(graph, new Random(1)) };
}

test('mends what a photograph shows, by a model that is loaded once', async () => {
  const loaded: string[] = [];
  const remedies = diagnosed(['denoise'], async (task) => {
    loaded.push(task);
    return model(task);
  });
  const noisy = wall(128, 25);
  const first = await remedies(noisy);
  const second = await remedies(noisy);
  expect(first).toMatchObject({ found: 'noise', restorer: { model: { task: 'denoise' } } });
  expect(second.restorer).toBe(first.restorer);
  expect(loaded).toEqual(['denoise']);
});

test('leaves alone what shows nothing, and what no model mends', async () => {
  const remedies = diagnosed(['derain'], () => Promise.reject(new Error('not wanted')));
  // Too small to tell.
  expect(await remedies(wall(20, 25))).toEqual({ found: 'nothing to mend' });
  expect(await remedies(wall(128, 25))).toEqual({
    found: 'noise, but no model is released for denoise',
  });
});
