import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  initialWeights,
  type Model,
  type NetworkConfig,
  Random,
  type Raster,
} from '@pellucid/core';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { asStored, diagnosed, openRestorer } from './remedies.ts';

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
  const first = await remedies(noisy, 'noisy.png');
  const second = await remedies(noisy, 'noisy.png');
  expect(first).toMatchObject({ found: 'noise', restorer: { model: { task: 'denoise' } } });
  expect(second.restorer).toBe(first.restorer);
  expect(loaded).toEqual(['denoise']);
});

test('leaves alone what shows nothing, and what no model mends', async () => {
  const remedies = diagnosed(['derain'], () => Promise.reject(new Error('not wanted')));
  // Too small to tell.
  expect(await remedies(wall(20, 25), 'small.png')).toEqual({ found: 'nothing to mend' });
  expect(await remedies(wall(128, 25), 'noisy.png')).toEqual({
    found: 'noise, but no model is released for denoise',
  });
});

test('has what was stored as JPEG restored by the student for it, loaded once', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-remedies-'));
  const [clean, stored] = ['clean.png', 'stored.jpg'].map((file) => path.join(folder, file)) as [
    string,
    string,
  ];
  const { width, height, channels, data } = wall(32, 5);
  const image = sharp(data as Uint8Array, { raw: { width, height, channels } });
  await image.toFile(clean);
  await image.jpeg({ quality: 60 }).toFile(stored);
  const loaded: string[] = [];
  const usual = openRestorer(model('sr2'));
  const remedies = asStored('sr2', usual, ['sr2/upload'], async (name) => {
    loaded.push(name);
    return model(name);
  });
  const photograph = wall(32, 5);
  expect((await remedies(photograph, clean)).restorer).toBe(usual);
  expect(loaded).toEqual([]);
  const first = await remedies(photograph, stored);
  expect(first).toMatchObject({
    found: 'stored as JPEG, by sr2/upload',
    restorer: { model: { task: 'sr2/upload' } },
  });
  expect((await remedies(photograph, stored)).restorer).toBe(first.restorer);
  expect(loaded).toEqual(['sr2/upload']);
  await rm(folder, { recursive: true });
});
