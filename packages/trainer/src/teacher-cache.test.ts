import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  createDegradation,
  initialWeights,
  type Model,
  Random,
  weightsOf,
  writeModel,
} from '@pellucid/core';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PatchSampler, validationPairs } from './data/index.ts';
import { proceduralPhotograph } from './data/procedural.ts';
import { openEngine } from './engine/index.ts';
import { LocalGradients } from './gradients/gradients.ts';
import { openParallelGradients } from './gradients/parallel.ts';
import { parseRecipe } from './recipe.ts';
import { type CacheOptions, fingerprintsOf, TeacherCache } from './teacher-cache.ts';
import { train } from './train.ts';

const recipe = parseRecipe(`
name: cached
task: denoise
degradation: { kind: gaussian-noise, sigma: [10, 50] }
student: { kind: edge-unet, widths: [8, 8], encoder: [1, 0], decoder: [1] }
teacher: teacher.safetensors
method: { kind: slkd }
data: { patch: 16, batch: 4, pool: 6, validation: { count: 1, size: 16 } }
optimiser: { warmup: 2 }
steps: 12
`);

const graph = buildNetwork({ kind: 'edge-unet', widths: [16, 16], encoder: [1, 1], decoder: [1] });
const teacher: Model = {
  name: 'teacher',
  task: 'denoise',
  network: { kind: 'edge-unet', widths: [16, 16], encoder: [1, 1], decoder: [1] },
  graph,
  weights: new Map(
    weightsOf(graph).map(({ name }, i) => {
      const values = initialWeights(graph, new Random(1)).get(name)!;
      const random = new Random(`weights ${i}`);
      return [name, values.map((value) => value + 0.05 * random.normal())];
    }),
  ),
};

const shared = {
  photographs: [{ name: 'drawn', ...proceduralPhotograph(64, new Random(1)) }],
  degradation: createDegradation(recipe.degradation!),
};
const sampler = new PatchSampler({ ...shared, patch: 16, batch: 4, pool: 6 });
const data = {
  batch: (random: Random) => sampler.draw(random),
  validation: await validationPairs({ ...shared, size: 16, seed: 1 }),
  description: '',
  skipped: [],
};

let folder: string;
beforeAll(async () => void (await openEngine('wasm')));
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-cache-'));
});
afterEach(() => rm(folder, { recursive: true }));

let runs = 0;
async function trained(cache?: CacheOptions, workers = 1): Promise<Buffer> {
  const gradients =
    workers === 1
      ? new LocalGradients(recipe, [teacher], cache)
      : await openParallelGradients(recipe, [teacher], { engine: 'wasm', workers, cache });
  const result = await train({
    recipe,
    data,
    teachers: [teacher],
    gradients,
    folder: path.join(folder, `run-${runs++}`),
  });
  return Buffer.from(writeModel(result!.model, 'F32'));
}

/** Every file of the cache with its bytes. */
async function kept(): Promise<Map<string, Buffer>> {
  const files = await readdir(path.join(folder, 'cache'), { recursive: true });
  const found = new Map<string, Buffer>();
  for (const file of files.filter((name) => name.endsWith('.f32')).sort())
    found.set(file, await readFile(path.join(folder, 'cache', file)));
  return found;
}

it('a run with a cache, empty or full, ends bit for bit where one without ends', async () => {
  const cache = { folder: path.join(folder, 'cache'), limit: 1e9 };
  const without = await trained();
  expect((await trained(cache)).equals(without)).toBe(true);
  const filled = await kept();
  // Of each patch: the output and two encoder levels on its degraded side, the output and a decoder level on its clean one.
  expect(filled.size).toBe(6 * (3 + 2));
  expect((await trained(cache)).equals(without)).toBe(true);
  expect(await kept()).toEqual(filled);
  const two = await trained(undefined, 2);
  expect((await trained(cache, 2)).equals(two)).toBe(true);

  // What lies there is what is read.
  for (const [file, bytes] of filled)
    await writeFile(path.join(folder, 'cache', file), Buffer.alloc(bytes.length));
  expect((await trained(cache)).equals(without)).toBe(false);
});

it('a file cut short is made again', async () => {
  const cache = { folder: path.join(folder, 'cache'), limit: 1e9 };
  const first = await trained(cache);
  const filled = await kept();
  const [file, bytes] = [...filled][3]!;
  await writeFile(path.join(folder, 'cache', file), bytes.subarray(0, 40));
  expect((await trained(cache)).equals(first)).toBe(true);
  expect(await kept()).toEqual(filled);
});

it('grows to its limit, counts what was there, and a run goes on without', async () => {
  const cache = { folder: path.join(folder, 'cache'), limit: 30_000 };
  const first = await trained(cache);
  const size = async () => [...(await kept()).values()].reduce((sum, bytes) => sum + bytes.length, 0);
  expect(await size()).toBeGreaterThan(20_000);
  expect(await size()).toBeLessThanOrEqual(30_000);
  expect((await trained(cache)).equals(first)).toBe(true);
  expect(await size()).toBeLessThanOrEqual(30_000);
});

it('tells apart teachers, patches, what a teacher is told, and features', async () => {
  const options = { folder, limit: 1e9 };
  const other = {
    ...teacher,
    weights: new Map(teacher.weights).set('tail.bias', new Float32Array(12).fill(1)),
  };
  const [a, b] = [new TeacherCache(teacher, options), new TeacherCache(other, options)];
  const pairs = await data.batch(new Random(1));
  const [patch] = fingerprintsOf(pairs).degraded;
  a.write(patch!, 'encoder0', Float32Array.of(1, 2));
  expect(a.read(patch!, 'encoder0', 2)).toEqual(Float32Array.of(1, 2));
  expect(a.read(patch!, 'encoder0', 3)).toBeUndefined();
  expect(a.read(patch!, 'encoder1', 2)).toBeUndefined();
  expect(b.read(patch!, 'encoder0', 2)).toBeUndefined();
  const louder = { ...pairs, noiseLevels: pairs.noiseLevels!.map((level) => level + 1) };
  expect(fingerprintsOf(louder).degraded[0]).not.toBe(patch);
  expect(fingerprintsOf(louder).clean).toEqual(fingerprintsOf(pairs).clean);
});

it('says where it cannot write before the first step', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  expect((await stat(file)).isFile()).toBe(true);
  expect(() => new TeacherCache(teacher, { folder: file, limit: 1 })).toThrow(
    expect.objectContaining({ code: 'cache/not-written' }),
  );
});
