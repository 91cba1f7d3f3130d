import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Random } from '@pellucid/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseRecipe } from './recipe.ts';
import { openTrainingData } from './training-data.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-photographs-'));
  for (const level of [40, 80, 120, 160, 200])
    await sharp({
      create: { width: 20, height: 16, channels: 3, background: { r: level, g: level, b: level } },
    })
      .png()
      .toFile(path.join(folder, `${level}.png`));
});
afterAll(() => rm(folder, { recursive: true }));

const recipe = (...overrides: string[]) =>
  parseRecipe(
    `
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
data: { photographs: ${folder}, patch: 8, batch: 64, validation: { count: 2, size: 16 } }
steps: 300
`,
    overrides,
  );

const open = (...overrides: string[]) => openTrainingData(recipe(...overrides));

const levels = (pixels: Float32Array) => new Set([...pixels].map((value) => Math.round(value * 255)));

test('trains on what it does not validate on', async () => {
  const { batch, validation } = await open();
  const trained = levels((await batch(new Random(1))).clean);
  const validated = validation.flatMap(({ clean }) => [...levels(clean)]);
  expect(validated).toHaveLength(2);
  expect([...trained, ...validated].sort((a, b) => a - b)).toEqual([40, 80, 120, 160, 200]);
});

test('trains on smaller copies of what it trains on, and of nothing else', async () => {
  const { batch, validation } = await open('data.reduced=[0.5]');
  const trained = levels((await batch(new Random(1))).clean);
  for (const { clean } of validation) expect(trained).not.toContain([...levels(clean)][0]);
  expect(() => recipe('data.reduced=[0.5]', 'data.pairs=folders', 'degradation=')).toThrow(/data\.reduced/);
});

test('validates on the same images whatever the seed', async () => {
  expect((await open('seed=2')).validation).toEqual((await open('seed=1')).validation);
});

test('the same stream gives the same batch, another one another', async () => {
  const { batch } = await open();
  const at = (step: number) => batch(new Random(1).fork(`step ${step}`));
  expect(await at(3)).toEqual(await at(3));
  expect(await at(4)).not.toEqual(await at(3));
});

test('leaves out what is excluded, and says when too few remain', async () => {
  await expect(open("data.exclude=['40', '80', '120']")).rejects.toMatchObject({ code: 'data/too-few' });
});

test('threads draw the batches that one draws alone, in whatever order they are asked for', async () => {
  const alone = await open();
  const threads = await openTrainingData(recipe(), { threads: 2 });
  const streams = [1, 2, 3, 4, 5].map((seed) => new Random(seed));
  try {
    const drawn = await Promise.all(streams.map((stream) => threads.batch(stream)));
    expect(drawn).toEqual(await Promise.all(streams.map((stream) => alone.batch(stream))));
  } finally {
    await threads.close!();
  }
});

test('says so when a thread that draws ends', async () => {
  const { batch, close } = await openTrainingData(recipe(), { threads: 1 });
  const batches = [batch(new Random(1)), batch(new Random(2))];
  await close!();
  for (const one of batches) await expect(one).rejects.toMatchObject({ code: 'data/not-drawn' });
});

test('a program waits for what its threads draw, and ends when they are idle', async () => {
  const source = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const program = path.join(folder, 'program.mjs');
  await writeFile(
    program,
    `import { Random } from ${source('../../core/src/random.ts')};
    import { openTrainingData } from ${source('training-data.ts')};
    const data = await openTrainingData(${JSON.stringify(recipe())}, { threads: 2 });
    console.log((await data.batch(new Random(1))).shape.join(' '));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 30_000 });
  expect(stdout.trim()).toBe('64 8 8 3');
});
