/** Runs of seconds in super-resolution, from the recipe to the model. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  createDegradation,
  initialWeights,
  type Model,
  type NetworkConfig,
  Random,
  readModel,
  weightsOf,
  writeModel,
} from '@pellucid/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PatchSampler, validationPairs } from '../data/patches.ts';
import { proceduralPhotograph } from '../data/procedural.ts';
import { openEngine } from '../engine/index.ts';
import { openParallelGradients } from '../gradients/parallel.ts';
import { parseRecipe, type Recipe } from '../recipe.ts';
import { loadTeachers, methodFor } from '../teachers.ts';
import { train } from '../train.ts';
import type { TrainingData } from '../training-data.ts';

const recipeOf = (...overrides: string[]) =>
  parseRecipe(
    `
name: tiny
task: sr
degradation: { kind: bicubic-downscale, scale: 2 }
student: { kind: edge-sr, scale: 2, width: 8, depth: 2 }
teacher: teacher.safetensors
method: { kind: scratch }
data: { patch: 32, batch: 4, validation: { count: 1, size: 32 } }
optimiser: { warmup: 2, learningRate: 5e-3, ema: 0.9 }
steps: 40
every: { log: 1, validate: 40, checkpoint: 40 }
`,
    overrides,
  );

function modelOf(network: NetworkConfig, seed = 1): Model {
  const graph = buildNetwork(network);
  return { name: network.kind, task: 'sr', network, graph, weights: initialWeights(graph, new Random(seed)) };
}

/** Trained for a moment, so that it knows more than its input. */
let teacher: Model;
let weaker: Model;

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

let folder: string;
beforeAll(async () => {
  await openEngine('wasm');
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-sr-teacher-'));
  teacher = (await run(recipeOf('name=wide', 'student.width=16', 'steps=100'), { teachers: [] })).result
    .model;
  weaker = (await run(recipeOf('steps=80'), { teachers: [] })).result.model;
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-sr-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function run(recipe: Recipe, options: Partial<Parameters<typeof train>[0]> = {}) {
  const losses: number[] = [];
  const result = await train({
    recipe,
    data: await dataOf(recipe),
    teachers: [teacher],
    folder,
    observe: (event) => event.kind === 'step' && losses.push(event.loss),
    ...options,
  });
  return { losses, result: result! };
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const kinds = ['scratch', 'logits', 'fitnet', 'at', 'fakd', 'crosskd', 'dukd', 'mtkd'];
it.each(kinds)('%s teaches a student to enlarge', async (kind) => {
  const { losses, result } = await run(recipeOf(`method.kind=${kind}`, 'student.reparameterised=true'));
  expect(mean(losses.slice(-10))).toBeLessThan(0.9 * mean(losses.slice(0, 10)));
  expect(result.model.graph).toEqual(buildNetwork(result.model.network));
  expect([...result.model.weights.keys()]).toEqual(weightsOf(result.model.graph).map(({ name }) => name));
});

const plain = { scale: 2, width: 16, blocks: 2 } as const;
const others: NetworkConfig[] = [
  { kind: 'edsr', residualScale: 1, ...plain },
  { kind: 'rcan', scale: 2, width: 16, groups: 2, blocks: 1, squeeze: 4 },
  { kind: 'imdn', ...plain },
  { kind: 'pan', largeWidth: 8, ...plain },
  { kind: 'smfanet', ...plain },
  {
    kind: 'swinir',
    scale: 2,
    width: 8,
    depths: [1, 1],
    heads: 2,
    window: 4,
    expansion: 2,
    upsampler: 'pixelshuffledirect',
  },
];
it.each(others)('$kind teaches by its features', async (network) => {
  for (const kind of ['fitnet', 'at', 'fakd', 'crosskd']) {
    const recipe = recipeOf(`method.kind=${kind}`, 'optimiser.warmup=0', 'steps=1');
    const { losses } = await run(recipe, { teachers: [modelOf(network)], folder: path.join(folder, kind) });
    expect(losses[0]).toBeGreaterThan(0);
  }
});

it('two workers train the same student as one, to rounding', async () => {
  // Muon makes the weak directions of a gradient as strong as the others, rounding with them.
  const recipe = recipeOf('method.kind=logits', 'steps=5', 'optimiser.kind=adamw');
  const one = await run(recipe);
  const gradients = await openParallelGradients(recipe, [teacher], { engine: 'wasm', workers: 2 });
  const two = await run(recipe, { folder: path.join(folder, 'two'), gradients });
  for (const [step, loss] of one.losses.entries()) expect(two.losses[step]! / loss).toBeCloseTo(1, 4);
});

describe('MTKD', () => {
  const several = ['teacher=', 'teachers=[a, b]'];
  const aggregate = (student: string) =>
    recipeOf(...several, 'method.kind=mtkd-aggregate', `student=${student}`, 'optimiser.learningRate=2e-3');
  const swin = '{kind: dctswin, scale: 2, images: 2, width: 8, depths: [2], heads: 2, window: 4}';
  /** The second one sees everything lighter, which an aggregator has to find out. */
  const teachers = () => {
    const weights = new Map(weaker.weights);
    weights.set(
      'tail.bias',
      weights.get('tail.bias')!.map((value) => value + 0.1),
    );
    return [teacher, { ...weaker, weights }];
  };

  it.each(['{kind: blend, images: 2}', swin])(
    'an aggregator %s lowers its loss, and says whose images it merges',
    async (student) => {
      const { losses, result } = await run(aggregate(student), { teachers: teachers() });
      expect(mean(losses.slice(-10))).toBeLessThan(0.9 * mean(losses.slice(0, 10)));
      expect(result.model.merges).toEqual(['wide', 'tiny']);
      expect(readModel(writeModel(result.model, 'F16')).merges).toEqual(['wide', 'tiny']);
    },
  );

  describe('teaches a student', () => {
    let places: string[];
    beforeEach(async () => {
      places = await Promise.all(
        teachers().map(async (model, i) => {
          const place = path.join(folder, `${i}.safetensors`);
          await writeFile(place, writeModel(model, 'F32'));
          return place;
        }),
      );
    });
    const second = (aggregator: string, teachers: string[], ...more: string[]) =>
      recipeOf(
        'teacher=',
        `teachers=${JSON.stringify(teachers)}`,
        `aggregator=${aggregator}`,
        'method.kind=mtkd',
        ...more,
      );

    it.each([
      ['wavelet', 1],
      ['wavelet', 3],
      ['wavelet-details', 1],
      ['dct', 1],
      ['l1', 1],
    ])(
      'by %s at %i levels, moving every weight of its own and none of the teachers',
      async (distance, levels) => {
        const recipe = second(
          'mean',
          places,
          `method={kind: mtkd, distance: ${distance}, levels: ${levels}}`,
        );
        const merged = await loadTeachers(recipe);
        const before = merged.flatMap(({ weights }) => [...weights.values()].map((values) => values.slice()));
        const { losses, result } = await run(recipe, { teachers: merged });
        expect(mean(losses.slice(-10))).toBeLessThan(0.9 * mean(losses.slice(0, 10)));
        expect(merged.flatMap(({ weights }) => [...weights.values()])).toEqual(before);
        const { graph, weights } = result.model;
        const start = initialWeights(graph, new Random(recipe.seed).fork('weights'));
        for (const [name, values] of weights) expect([name, values]).not.toEqual([name, start.get(name)]);
      },
    );

    it('by what an aggregator makes of its teachers, in its order alone', async () => {
      const place = path.join(folder, 'aggregator.safetensors');
      const trained = await run(aggregate(swin), {
        teachers: teachers(),
        folder: path.join(folder, 'first'),
      });
      await writeFile(place, writeModel(trained.result.model, 'F32'));
      const recipe = second(place, places);
      const merged = await loadTeachers(recipe);
      expect(merged).toHaveLength(1);
      // What the aggregator was measured at is what teaches now.
      const { result } = await run(
        { ...recipe, steps: 5 },
        { teachers: merged, folder: path.join(folder, 'second') },
      );
      expect(result.psnr.teacher).toBeCloseTo(trained.result.psnr.restored, 3);

      const other = { code: 'train/other-teachers' };
      await expect(loadTeachers(second(place, [places[1]!, places[0]!]))).rejects.toMatchObject({
        ...other,
        message: expect.stringMatching(
          /^aggregator: .*wide, tiny, in this order, and teachers lists tiny, wide/,
        ),
      });
      await expect(loadTeachers(second(places[0]!, places))).rejects.toMatchObject(other);
    });
  });
});

it.each([
  'sr2-small.yml',
  'sr4-small.yml',
  'sr2-small-long.yml',
  'sr2-tiny.yml',
  'sr4-small-long.yml',
  'sr4-large-start.yml',
  'sr4-large.yml',
  'sr4-upload.yml',
  'sr2-upload.yml',
  'sr2-aggregate.yml',
  'sr4-aggregate.yml',
  'sr2-mtkd.yml',
  'distillation/sr2-start.yml',
  'distillation/sr2.yml',
  'distillation/sr2-edsr-start.yml',
  'distillation/sr2-edsr.yml',
  'distillation/sr4-start.yml',
  'distillation/sr4.yml',
  'distillation/sr4-edsr-start.yml',
  'distillation/sr4-edsr.yml',
  'paper/mtkd-aggregate-x4.yml',
  'paper/mtkd-edsr-x4.yml',
  'paper/mtkd-rcan-x4.yml',
  'paper/mtkd-swinir-x4.yml',
])('recipes/%s parses, and its student can be taught', async (file) => {
  const recipes = path.join(import.meta.dirname, '../../../../recipes');
  const recipe = parseRecipe(await readFile(path.join(recipes, file), 'utf8'));
  expect(() => methodFor(recipe, [])).not.toThrow();
});

describe('before the first step', () => {
  const edsr = (scale: 2 | 3): Model =>
    modelOf({ kind: 'edsr', scale, width: 8, blocks: 1, residualScale: 1 });
  it.each([
    [
      ['method.kind=crosskd', 'method.taps=[{student: body0, teacher: body9}]'],
      edsr(2),
      'method/no-tap',
      /body9; it has head/,
    ],
    [['method.kind=dukd', 'data.patch=34'], edsr(2), 'train/patch-size', /dukd needs .* multiples of 4 /],
    [['method.kind=logits'], edsr(3), 'train/unfit-teacher', /^teacher: edsr enlarges its input 3 times/],
    [
      ['method.kind=logits', 'data.patch=36'],
      modelOf({
        kind: 'swinir',
        scale: 2,
        width: 8,
        depths: [1],
        heads: 1,
        window: 4,
        expansion: 2,
        upsampler: 'pixelshuffledirect',
      }),
      'train/patch-size',
      /multiples of 8/,
    ],
  ] as const)('%j is refused', (overrides, teacher, code, message) => {
    const attempt = () => methodFor(recipeOf(...overrides), [teacher]);
    expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});
