import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { psnr, Random, Restorer } from '@pellucid/core';
import { exportGraphModel } from '@pellucid/core/export';
import { openEngine, proceduralPhotograph } from '@pellucid/trainer';
import { memory } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { toFloat, window } from '../datasets/raster.ts';
import { untrained } from '../testing.ts';
import { classics } from './classic.ts';
import { PeerCache } from './install.ts';
import { maxims } from './maxim.ts';
import { upscalers } from './upscaler.ts';

it('takes a peer that is there already, without npm', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pellucid-peers-'));
  try {
    const there = path.join(folder, '@a+b@1.0.0/node_modules/@a/b');
    await mkdir(there, { recursive: true });
    await writeFile(path.join(there, 'package.json'), '{"name": "@a/b", "main": "index.js"}');
    await writeFile(path.join(there, 'index.js'), '');
    const cache = new PeerCache(folder);
    expect(await cache.package('@a/b', '1.0.0')).toBe(there);
    expect(await cache.entry('@a/b', '1.0.0')).toBe(path.join(there, 'index.js'));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('has filters that do what they are for', async () => {
  const median = classics().find(({ task }) => task === 'denoise')!;
  const random = new Random(1);
  const grey = { width: 40, height: 30, channels: 3 as const, data: new Float32Array(3600).fill(0.5) };
  const noisy = { ...grey, data: grey.data.map((value) => (random.next() < 0.05 ? 1 : value)) };
  const opened = await median.open();
  const filtered = toFloat(await opened.restore(noisy, { kind: 'pairs' }));
  const options = { channel: 'RGB', crop: 0, round: false } as const;
  expect(psnr(filtered, grey, options)).toBeGreaterThan(psnr(noisy, grey, options) + 10);
});

it('lists the models of UpscalerJS by their scale', () => {
  const listed = upscalers(new PeerCache('nowhere')).map(({ name, scale }) => `${name}: ${scale}`);
  expect(listed).toContain('UpscalerJS esrgan-slim x3: 3');
  expect(listed).toContain('UpscalerJS esrgan-legacy psnr-small: 2');
});

it('runs a packed MAXIM on photographs of any size, and frees it', async () => {
  await openEngine('wasm');
  const random = new Random(1);
  const model = untrained('tiny', 8);
  for (const values of model.weights.values())
    values.forEach((value, i) => {
      values[i] = value + 0.05 * random.normal();
    });
  const folder = await mkdtemp(path.join(tmpdir(), 'pellucid-peers-'));
  try {
    const there = path.join(
      folder,
      '@upscalerjs+maxim-deraining@0.1.0/node_modules/@upscalerjs/maxim-deraining',
    );
    await mkdir(path.join(there, 'models'), { recursive: true });
    await writeFile(path.join(there, 'package.json'), '{}');
    for (const [name, content] of Object.entries(exportGraphModel(model)))
      await writeFile(path.join(there, 'models', name), content);
    const deraining = maxims(new PeerCache(folder)).find(({ task }) => task === 'derain')!;
    const photograph = window(toFloat(proceduralPhotograph(64, random)), 0, 0, 51, 33);
    const before = memory().numTensors;
    const opened = await deraining.open();
    const restored = toFloat(await opened.restore(photograph, { kind: 'pairs' }));
    await opened.dispose();
    expect(memory().numTensors).toBe(before);
    const restorer = new Restorer(model);
    const wanted = toFloat(await restorer.restore(photograph));
    restorer.dispose();
    // What lies beyond the last row and column is another mirror's.
    const inner = [0, 0, 40, 24] as const;
    const clipped = window(restored, ...inner).data.map((value) => Math.min(Math.max(value, 0), 1));
    const error = window(wanted, ...inner).data.map((value, i) => Math.abs(value - clipped[i]!));
    expect(Math.max(...error)).toBeLessThan(1e-5);
  } finally {
    await rm(folder, { recursive: true });
  }
});
