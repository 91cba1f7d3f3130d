import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-examples-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('restore-in-node.ts takes the noise out of a picture', async () => {
  const noisy = path.join(folder, 'noisy.png');
  const clean = path.join(folder, 'clean.png');
  const noise = { type: 'gaussian', mean: 128, sigma: 25 } as const;
  const create = { width: 97, height: 61, channels: 3, background: '#000', noise } as const;
  await sharp({ create }).png().toFile(noisy);
  await run(process.execPath, [path.join(import.meta.dirname, 'restore-in-node.ts'), noisy, clean]);

  const spread = async (file: string) => (await sharp(file).stats()).channels[0]!.stdev;
  const { width, height } = await sharp(clean).metadata();
  expect([width, height]).toEqual([97, 61]);
  expect(await spread(noisy)).toBeGreaterThan(20);
  expect(await spread(clean)).toBeLessThan(8);
});
