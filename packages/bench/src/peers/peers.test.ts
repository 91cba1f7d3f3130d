import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { psnr, Random } from '@pellucid/core';
import { expect, it } from 'vitest';
import { toFloat } from '../datasets/raster.ts';
import { classics } from './classic.ts';
import { PeerCache } from './install.ts';
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
