/** Whole runs of every method, from the recipe to the model, of seconds. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  createDegradation,
  initialWeights,
  type Model,
  macsPerPixel,
  type NetworkConfig,
  networkConfig,
  parameters,
  Random,
  readModel,
  weightsOf,
  writeModel,
} from '@pellucid/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Pairs, PatchSampler, validationPairs } from '../data/patches.ts';
import { proceduralPhotograph } from '../data/procedural.ts';
import { openEngine } from '../engine/index.ts';
import { openParallelGradients } from '../gradients/parallel.ts';
import { networkOf, parseRecipe, type Recipe } from '../recipe.ts';
import { loadTeachers, methodFor } from '../teachers.ts';
import { train } from '../train.ts';
import type { TrainingData } from '../training-data.ts';

const recipeOf = (...overrides: string[]) =>
  parseRecipe(
    `
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: [10, 50] }
student: { kind: edge-unet, widths: [8, 8], encoder: [1, 0], decoder: [1] }
teacher: teacher.safetensors
method: { kind: scratch }
data: { patch: 16, batch: 2, validation: { count: 1, size: 16 } }
optimiser: { warmup: 2, learningRate: 5e-3, ema: 0.9 }
steps: 60
every: { log: 1, validate: 60, checkpoint: 20 }
`,
    overrides,
  );

function modelOf(network: NetworkConfig): Model {
  const graph = buildNetwork(network);
  return { name: 'teacher', task: 'denoise', network, graph, weights: initialWeights(graph, new Random(1)) };
}

const ffdnet = modelOf({ kind: 'ffdnet', width: 8, depth: 3 });

/** Trained for a moment, so that it knows more than its input. */
let teacher: Model;
/** Patches of four drawn photographs, and one of them to validate on. */
async function dataOf({ data: { patch, batch }, degradation }: Recipe): Promise<TrainingData> {
  const photographs = [1, 2, 3, 4].map((seed) => ({
    name: `drawn-${seed}`,
    ...proceduralPhotograph(64, new Random(seed)),
  }));
  const shared = { photographs, degradation: createDegradation(degradation!) };
  const sampler = new PatchSampler({ ...shared, patch, batch });
  const validation = (await validationPairs({ ...shared, size: patch, seed: 1 })).slice(0, 1);
  return { batch: (random) => sampler.draw(random), validation, description: 'drawn', skipped: [] };
}

/** RGB pixels, each beside itself. */
const twice = (pixels: Float32Array) =>
  Float32Array.from({ length: 2 * pixels.length }, (_, i) => pixels[3 * Math.floor(i / 6) + (i % 3)]!);

let data: TrainingData;
let folder: string;
beforeAll(async () => {
  await openEngine('wasm');
  const wide = recipeOf(
    'student={kind: edge-unet, widths: [16, 16], encoder: [1, 1], decoder: [1]}',
    'steps=150',
  );
  data = await dataOf(wide);
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'pellucid-teacher-'));
  teacher = (await train({ recipe: wide, data, folder: scratch }))!.model;
  await rm(scratch, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-methods-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Run {
  losses: number[];
  bytes: Buffer;
}

async function run(recipe: Recipe, options: Partial<Parameters<typeof train>[0]> = {}): Promise<Run> {
  const losses: number[] = [];
  const result = await train({
    recipe,
    data,
    teachers: [teacher],
    folder,
    observe: (event) => event.kind === 'step' && losses.push(event.loss),
    ...options,
  });
  return { losses, bytes: Buffer.from(result ? writeModel(result.model, 'F32') : []) };
}

const methods = ['logits', 'fitnet', 'at', 'fakd', 'skd', 'slkd'];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

it.each(methods)('%s lowers its loss and releases a model of the student alone', async (kind) => {
  const { losses, bytes } = await run(recipeOf(`method.kind=${kind}`));
  expect(mean(losses.slice(-10))).toBeLessThan(0.95 * mean(losses.slice(0, 10)));
  const { graph, weights } = readModel(bytes);
  expect([...weights.keys()].sort()).toEqual(
    weightsOf(graph)
      .map(({ name }) => name)
      .sort(),
  );
});

it.each(['method.kind=slkd', 'method={kind: fitnet, weight: 1}'])(
  '%s, stopped and resumed, ends bit for bit where an unbroken run does, its auxiliaries too',
  async (method) => {
    const recipe = { ...recipeOf(method, 'student.reparameterised=true'), steps: 12 };
    const straight = await run(recipe, { folder: path.join(folder, 'straight') });
    const stop = new AbortController();
    const broken = path.join(folder, 'broken');
    const observe: NonNullable<Parameters<typeof train>[0]['observe']> = (event) =>
      event.kind === 'step' && event.step === 5 && stop.abort();
    await run(recipe, { folder: broken, signal: stop.signal, observe });
    const resumed = await run(recipe, { folder: broken, resume: true });
    expect(resumed.bytes.equals(straight.bytes)).toBe(true);
    for (const name of await readdir(path.join(folder, 'straight', 'checkpoints')))
      expect(await readFile(path.join(broken, 'checkpoints', name))).toEqual(
        await readFile(path.join(folder, 'straight', 'checkpoints', name)),
      );
  },
);

it('a teacher of other features in the place of the one that a run was started with is refused', async () => {
  const recipe = { ...recipeOf('method.kind=slkd'), steps: 3 };
  await run(recipe);
  const graph = buildNetwork({ kind: 'edge-unet', widths: [24, 16], encoder: [1, 1], decoder: [1] });
  const other: Model = { ...teacher, graph, weights: initialWeights(graph, new Random(1)) };
  const resumed = run({ ...recipe, steps: 6 }, { teachers: [other], resume: true });
  await expect(resumed).rejects.toMatchObject({ code: 'checkpoint/other-teacher' });
});

it('auxiliaries leave the start of the student as it is without them', async () => {
  const none = recipeOf('method={kind: slkd, weights: {image: 0, nc: 0, et: 0}}', 'steps=3');
  const [without, scratch] = [
    await run(none),
    await run(recipeOf('steps=3'), { folder: path.join(folder, 'scratch') }),
  ];
  const withThem = await run(recipeOf('method={kind: fitnet, weight: 0}', 'steps=3'), {
    folder: path.join(folder, 'fitnet'),
  });
  expect(without.bytes.equals(scratch.bytes)).toBe(true);
  expect(withThem.losses[0]).toBe(scratch.losses[0]);
});

it('two workers train the same student as one, to rounding', async () => {
  const recipe = { ...recipeOf('method.kind=slkd'), steps: 5 };
  const one = await run(recipe);
  const gradients = await openParallelGradients(recipe, [teacher], { engine: 'wasm', workers: 2 });
  const two = await run(recipe, { folder: path.join(folder, 'two'), gradients });
  for (const [step, loss] of one.losses.entries()) expect(two.losses[step]! / loss).toBeCloseTo(1, 4);
});

it('a teacher that is told the noise level teaches at the image level, by workers as well', async () => {
  const recipe = { ...recipeOf('method.kind=logits'), steps: 5 };
  const teachers = [ffdnet];
  const one = await run(recipe, { teachers });
  const gradients = await openParallelGradients(recipe, teachers, { engine: 'wasm', workers: 2 });
  const two = await run(recipe, { teachers, folder: path.join(folder, 'two'), gradients });
  for (const [step, loss] of one.losses.entries()) expect(two.losses[step]! / loss).toBeCloseTo(1, 4);
  const { noiseLevels } = await data.batch(new Random(1));
  const deaf = {
    ...data,
    batch: async (random: Random) => ({
      ...(await data.batch(random)),
      noiseLevels: noiseLevels!.map((level) => 2 * level),
    }),
  };
  const other = await run(recipe, { teachers, data: deaf, folder: path.join(folder, 'deaf') });
  expect(other.losses[0]).not.toBe(one.losses[0]);
});

describe('a student that sees what deconvolution made of a photograph too', () => {
  const network = { kind: 'edge-unet', widths: [16, 16], encoder: [1, 1], decoder: [1], images: 2 } as const;
  const seesBoth: Model = { ...modelOf(networkConfig.parse(network)), before: 'deconvolution' };
  const both = ['before=deconvolution', 'data.pairs=deconvolved', 'degradation=', 'student.images=2'];

  it.each([...methods, 'crosskd'])('learns by %s from a teacher that sees both', async (kind) => {
    const doubled = (pairs: Pairs): Pairs => ({ ...pairs, degraded: twice(pairs.degraded) });
    const pairs: TrainingData = {
      ...data,
      batch: async (random) => doubled(await data.batch(random)),
      validation: data.validation.map(doubled),
    };
    const recipe = recipeOf(...both, `method.kind=${kind}`, 'steps=30');
    const { losses, bytes } = await run(recipe, { teachers: [seesBoth], data: pairs });
    expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)));
    expect(readModel(bytes).before).toBe('deconvolution');
  });

  it('has no teacher that sees the photograph alone, nor is a teacher of one that does', () => {
    const attempt = (recipe: Recipe, teacher: Model) => () => methodFor(recipe, [teacher]);
    const refusal = (message: RegExp) =>
      expect.objectContaining({
        code: 'train/unfit-teacher',
        message: expect.stringMatching(message),
      });
    expect(attempt(recipeOf(...both, 'method.kind=slkd'), teacher)).toThrow(
      refusal(/sees of a photograph it alone, and the student what deconvolution made of it too/),
    );
    expect(attempt(recipeOf('method.kind=slkd'), seesBoth)).toThrow(
      refusal(/sees of a photograph what deconvolution made of it too, and the student it alone/),
    );
  });
});

describe('before the first step', () => {
  const enlarging = modelOf({ kind: 'edsr', scale: 2, width: 8, blocks: 1 } as NetworkConfig);
  it.each([
    [['method.kind=slkd'], ffdnet, 'method/no-levels', /^teacher: .*head, body0.*edge-unet/],
    [
      ['method={kind: at, taps: [{student: encoder0, teacher: body9}]}'],
      ffdnet,
      'method/no-tap',
      /^method\.taps\.0\.teacher: .*body9; it has head/,
    ],
    [['method.kind=logits'], enlarging, 'train/unfit-teacher', /^teacher: .*enlarges/],
    [
      ['method.kind=logits', 'degradation={kind: rain}'],
      ffdnet,
      'train/unfit-teacher',
      /noise level.*not rain/,
    ],
    [
      ['method.kind=logits'],
      { ...ffdnet, graph: { ...ffdnet.graph, alignment: 64 } },
      'train/patch-size',
      /multiples of 64/,
    ],
  ] as const)('%j is refused', (overrides, teacher, code, message) => {
    const attempt = () => methodFor(recipeOf(...overrides), [teacher]);
    expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('loads the teachers that a recipe names, in their order', async () => {
    const [a, b] = [path.join(folder, 'a.safetensors'), path.join(folder, 'b.safetensors')];
    await writeFile(a, writeModel(teacher, 'F32'));
    await writeFile(b, writeModel(ffdnet, 'F32'));
    const kinds = async (...overrides: string[]) =>
      (await loadTeachers(recipeOf(`teacher=${a}`, ...overrides))).map(({ network }) => network.kind);
    expect(await kinds('method.kind=slkd')).toEqual(['edge-unet']);
    expect(await kinds(`method={kind: slkd, teacherB: ${b}}`)).toEqual(['edge-unet', 'ffdnet']);
    expect(await loadTeachers(recipeOf('teacher='))).toEqual([]);
    const missing = loadTeachers(recipeOf(`teacher=${a}`, 'method={kind: slkd, teacherB: nowhere}'));
    await expect(missing).rejects.toMatchObject({ code: 'model/not-found' });
  });
});

const teacherNetwork = { kind: 'edge-unet', widths: [64, 112, 160], encoder: [3, 2, 2], decoder: [3, 2] };

it.each([
  ['denoise-slkd.yml', teacherNetwork],
  ['distillation/denoise.yml', teacherNetwork],
  ['distillation/derain.yml', teacherNetwork],
  ['paper/slkd-restormer-derain.yml', { kind: 'restormer' }],
  ['paper/slkd-restormer-deblur.yml', { kind: 'restormer' }],
  ['paper/slkd-restormer-denoise.yml', { kind: 'restormer' }],
])('recipes/%s parses, fits its teacher and cuts more than 80 % of it', async (file, network) => {
  const recipes = path.join(import.meta.dirname, '../../../../recipes');
  const recipe = parseRecipe(await readFile(path.join(recipes, file), 'utf8'));
  const teacher = buildNetwork(networkConfig.parse(network));
  const model: Model = { ...ffdnet, graph: teacher };
  expect(methodFor(recipe, [model]).auxiliaries.length).toBeGreaterThan(0);
  const student = buildNetwork(networkOf(recipe.student));
  expect(parameters(student)).toBeLessThan(0.2 * parameters(teacher));
  expect(macsPerPixel(student)).toBeLessThan(0.2 * macsPerPixel(teacher));
});
