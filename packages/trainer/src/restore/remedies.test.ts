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

/** As much of a file as tells that it is no JPEG. */
const PNG = Uint8Array.of(0x89, 0x50);

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
    return openRestorer(model(task));
  });
  const noisy = wall(128, 25);
  const first = await remedies(noisy, PNG);
  const second = await remedies(noisy, PNG);
  expect(first).toMatchObject({ found: 'noise', restorer: { model: { task: 'denoise' } } });
  expect(second.restorer).toBe(first.restorer);
  expect(loaded).toEqual(['denoise']);
});

test('leaves alone what shows nothing, and what no model mends', async () => {
  const remedies = diagnosed(['derain'], () => Promise.reject(new Error('not wanted')));
  // Too small to tell.
  expect(await remedies(wall(20, 25), PNG)).toEqual({ found: 'nothing to mend' });
  expect(await remedies(wall(128, 25), PNG)).toEqual({
    found: 'noise, but no model is released for denoise',
  });
});

/** What a wall becomes in a file of quality 60. */
function stored(size: number): Promise<Buffer> {
  const { width, height, channels, data } = wall(size, 0);
  return sharp(data as Uint8Array, { raw: { width, height, channels } })
    .jpeg({ quality: 60 })
    .toBuffer();
}

test('takes a JPEG of low quality for one, though it shows nothing', async () => {
  const remedies = diagnosed(['jpeg'], async (task) => openRestorer(model(task)));
  expect(await remedies(wall(20, 0), await stored(20))).toMatchObject({
    found: 'jpeg',
    restorer: { model: { task: 'jpeg' } },
  });
});

test('has what was stored as JPEG enlarged by the student for it, loaded once', async () => {
  const loaded: string[] = [];
  const usual = openRestorer(model('sr2'));
  const remedies = asStored('sr2', usual, ['sr2/upload'], async (name) => {
    loaded.push(name);
    return openRestorer(model(name));
  });
  const photograph = wall(32, 0);
  expect((await remedies(photograph, PNG)).restorer).toBe(usual);
  expect(loaded).toEqual([]);
  const first = await remedies(photograph, await stored(32));
  expect(first).toMatchObject({
    found: 'lost much in its file, by sr2/upload',
    restorer: { model: { task: 'sr2/upload' } },
  });
  expect((await remedies(photograph, await stored(32))).restorer).toBe(first.restorer);
  expect(loaded).toEqual(['sr2/upload']);
});
