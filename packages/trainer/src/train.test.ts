import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readModel, writeModel } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openEngine } from './engine/index.ts';
import type { TrainingEvent } from './events.ts';
import { uploadModel } from './gradients/gradients.ts';
import { formatRecipe, parseRecipe } from './recipe.ts';
import { train } from './train.ts';
import type { TrainingData } from './training-data.ts';
import { restoredPsnr } from './validate.ts';

const recipe = parseRecipe(`
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
loss: { l1: 1, spectrum: 0 }
data: { patch: 8, batch: 2, validation: { count: 1, size: 8 } }
optimiser: { kind: adamw, warmup: 2, learningRate: 1e-2 }
steps: 6
every: { log: 2, validate: 2, checkpoint: 3 }
`);

/** Grey squares that are too bright: a student learns it with the bias of its last layer. */
const data: TrainingData = {
  async batch(random) {
    const clean = new Float32Array(2 * 8 * 8 * 3).fill(random.uniform(0.2, 0.6));
    return {
      clean,
      degraded: clean.map((value) => value + 0.2 + 0.02 * random.normal()),
      shape: [2, 8, 8, 3],
    };
  },
  validation: [
    {
      clean: new Float32Array(192).fill(0.5),
      degraded: new Float32Array(192).fill(0.7),
      shape: [1, 8, 8, 3],
    },
  ],
  description: 'grey squares',
  skipped: [],
};

let folder: string;
beforeAll(async () => void (await openEngine('wasm')));
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each(['adamw', 'muon'])('learns by %s, and keeps no tensor', async (kind) => {
  const before = tf.memory().numTensors;
  const losses: number[] = [];
  const result = await train({
    recipe: parseRecipe(formatRecipe(recipe), ['steps=40', `optimiser.kind=${kind}`]),
    data,
    folder,
    observe: (event) => event.kind === 'step' && losses.push(event.loss),
  });
  expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
  expect(result!.psnr.restored).toBeGreaterThan(result!.psnr.degraded + 3);
  expect(tf.memory().numTensors).toBe(before);
});

test('distils from a teacher, and keeps no tensor of it', async () => {
  const { model: teacher } = (await train({ recipe: { ...recipe, steps: 40 }, data, folder }))!;
  const before = tf.memory().numTensors;
  const parts: Record<string, number>[] = [];
  const result = await train({
    recipe: parseRecipe(formatRecipe(recipe), [
      'method={kind: logits, weight: 2}',
      'teacher=unused',
      'seed=2',
    ]),
    data,
    teachers: [teacher],
    folder: path.join(folder, 'student'),
    observe: (event) => event.kind === 'scalars' && 'loss' in event.values && parts.push(event.values),
  });
  expect(result!.psnr.teacher).toBeGreaterThan(result!.psnr.degraded + 3);
  expect(parts.map(({ loss, l_pixel, l_teacher }) => l_pixel! + 2 * l_teacher! - loss!)).toEqual([
    expect.closeTo(0, 6),
    expect.closeTo(0, 6),
    expect.closeTo(0, 6),
  ]);
  expect(tf.memory().numTensors).toBe(before);
});

const bytesOf = (result: Awaited<ReturnType<typeof train>>) => Buffer.from(writeModel(result!.model, 'F32'));

// At rates by which each validation is better than the last, so that both runs keep the checkpoints of the same steps.
test.each([
  ['adamw', 1e-2],
  ['muon', 2e-3],
])('%s stopped and resumed, ends bit for bit where an unbroken run does', async (kind, rate) => {
  const own = parseRecipe(formatRecipe(recipe), [`optimiser.kind=${kind}`, `optimiser.learningRate=${rate}`]);
  const straight = await train({ recipe: own, data, folder: path.join(folder, 'straight') });
  const stop = new AbortController();
  const observe = (event: TrainingEvent) => event.kind === 'step' && event.step === 4 && stop.abort();
  const broken = path.join(folder, 'broken');
  expect(await train({ recipe: own, data, folder: broken, signal: stop.signal, observe })).toBeUndefined();
  const resumed = await train({ recipe: own, data, folder: broken, resume: true });
  expect(bytesOf(resumed).equals(bytesOf(straight))).toBe(true);
  expect(resumed!.psnr).toEqual(straight!.psnr);
  for (const name of await readdir(path.join(folder, 'straight', 'checkpoints')))
    expect(await readFile(path.join(broken, 'checkpoints', name))).toEqual(
      await readFile(path.join(folder, 'straight', 'checkpoints', name)),
    );
});

test('reparameterised, starts as the plain student does, resumes bit for bit, and ends as a plain model', async () => {
  const branched = parseRecipe(formatRecipe(recipe), ['student.reparameterised=true']);
  const losses: number[] = [];
  const observe = (event: TrainingEvent) => event.kind === 'step' && losses.push(event.loss);
  const plain = await train({ recipe, data, folder: path.join(folder, 'plain'), observe });
  const straight = await train({ recipe: branched, data, folder: path.join(folder, 'straight'), observe });
  expect(losses[recipe.steps]).toBeCloseTo(losses[0]!, 5);
  expect(losses.at(-1)).not.toBeCloseTo(losses[recipe.steps - 1]!, 5);

  const { model, psnr } = straight!;
  expect(model.graph).toEqual(plain!.model.graph);
  expect(readModel(bytesOf(straight)).weights).toEqual(model.weights);
  expect(await restoredPsnr(model.graph, uploadModel(model), data.validation)).toBeCloseTo(psnr.restored, 3);

  const stop = new AbortController();
  const stopAt4 = (event: TrainingEvent) => event.kind === 'step' && event.step === 4 && stop.abort();
  const broken = path.join(folder, 'broken');
  await train({ recipe: branched, data, folder: broken, signal: stop.signal, observe: stopAt4 });
  const resumed = await train({ recipe: branched, data, folder: broken, resume: true });
  expect(bytesOf(resumed).equals(bytesOf(straight))).toBe(true);
});

test('another seed gives another student', async () => {
  const one = await train({ recipe, data, folder });
  const two = await train({ recipe: { ...recipe, seed: 2 }, data, folder });
  expect(bytesOf(one).equals(bytesOf(two))).toBe(false);
});

test('a damaged newest checkpoint costs only the steps since the one before', async () => {
  const straight = await train({ recipe, data, folder });
  const newest = path.join(folder, 'checkpoints', 'step-00000006.safetensors');
  const bytes = await readFile(newest);
  bytes[bytes.length - 5]! ^= 1;
  await writeFile(newest, bytes);
  const notes: string[] = [];
  const observe = (event: TrainingEvent) => event.kind === 'note' && notes.push(event.message);
  const resumed = await train({ recipe, data, folder, resume: true, observe });
  expect(notes.join()).toMatch(/step-00000006.*checksum is wrong.*\n*.*Continuing after step 4/s);
  expect(bytesOf(resumed).equals(bytesOf(straight))).toBe(true);
});

test('a loss that is no number stops the run and leaves the last good checkpoint', async () => {
  let calls = 0;
  const poisoned: TrainingData = {
    ...data,
    batch: async (random) => {
      const batch = await data.batch(random);
      if (++calls === 5) batch.degraded[7] = Number.NaN;
      return batch;
    },
  };
  await expect(train({ recipe, data: poisoned, folder })).rejects.toMatchObject({
    code: 'train/diverged',
    message: expect.stringMatching(/step 5; the checkpoint of step 4 /),
  });
  const resumed = await train({ recipe, data, folder, resume: true });
  const straight = await train({ recipe, data, folder: path.join(folder, 'straight') });
  expect(bytesOf(resumed).equals(bytesOf(straight))).toBe(true);
});

test('resuming refuses another recipe by its keys, and lets a run be lengthened', async () => {
  await train({ recipe, data, folder });
  const other = parseRecipe(formatRecipe(recipe), ['seed=2', 'optimiser.clip=3', 'every.log=1']);
  const refused = train({ recipe: other, data, folder, resume: true });
  await expect(refused).rejects.toMatchObject({ code: 'checkpoint/other-recipe' });
  await expect(refused).rejects.toThrow(/seed: was 1, now 2\n {2}optimiser.clip: was 1, now 3\n/);
  expect(await train({ recipe: { ...recipe, steps: 8 }, data, folder, resume: true })).toBeDefined();
});

test('resuming needs something to resume', async () => {
  await expect(train({ recipe, data, folder, resume: true })).rejects.toMatchObject({
    code: 'checkpoint/none',
  });
});

test('a student starts from a model of its own network, or of a narrower or shallower one', async () => {
  const init = path.join(folder, 'model.safetensors');
  const { model } = (await train({ recipe, data, folder }))!;
  await writeFile(init, writeModel(model, 'F32'));
  const student = { ...recipe.student, init };
  const stop = AbortSignal.abort();
  await train({ recipe: { ...recipe, student }, data, folder: path.join(folder, 'same'), signal: stop });
  const wider = ['student.widths=[16, 8]', 'student.encoder=[1, 1]', 'student.decoder=[0]'];
  const grown = parseRecipe(formatRecipe({ ...recipe, student }), wider);
  await train({ recipe: grown, data, folder: path.join(folder, 'grown'), signal: stop });
  const other = parseRecipe(formatRecipe({ ...recipe, student }), ['student.encoder=[2]']);
  const longer = train({ recipe: other, data, folder });
  await expect(longer).rejects.toMatchObject({ code: 'train/other-network' });
});

test('a teacher that cannot take the patches, or a folder that cannot be written, is refused', async () => {
  const { model } = (await train({ recipe, data, folder }))!;
  const teacher = { ...model, graph: { ...model.graph, alignment: 16 } };
  await expect(train({ recipe, data, folder, teachers: [teacher] })).rejects.toMatchObject({
    code: 'train/patch-size',
  });
  const file = path.join(folder, 'recipe.yml');
  await expect(train({ recipe, data, folder: file })).rejects.toMatchObject({ code: 'file/not-written' });
});
