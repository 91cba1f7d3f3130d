import { existsSync } from 'node:fs';
import path from 'node:path';
import { infer, Random, weightsOf } from '@pellucid/core';
import { loadModel, openEngine } from '@pellucid/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { type Candidate, modelCandidate } from './candidate.ts';
import { openDataset } from './datasets/dataset.ts';
import type { Condition, Task } from './datasets/protocol.ts';
import { dataFolder, root } from './folders.ts';
import { measureDataset } from './measure.ts';
import { releasedModels } from './models.ts';

const released = (name: string) => loadModel(path.join(root, 'models', name));

const students = (await releasedModels()).filter((name) => !name.endsWith('/teacher'));

it.each(students)('%s is small enough for a Worker', async (name) => {
  const { cost } = modelCandidate(await released(name));
  // One that enlarges reads fewer pixels than it makes. A Worker has room for a large one in place of two small ones.
  const large = name.endsWith('/large');
  const most = name.startsWith('sr') ? (large ? 140_000 : 65_000) : large ? 65_000 : 50_000;
  expect(cost!.macsPerPixel).toBeLessThanOrEqual(most);
  expect(cost!.parameters).toBeLessThanOrEqual(large ? 1_100_000 : 500_000);
});

it.each(students)('%s stays near the range of an image where nothing is like a photograph', async (name) => {
  const { graph, weights } = await released(name);
  const random = new Random('black or white');
  const { channels } = graph.nodes[0]!;
  const farthest = tf.tidy(() => {
    const noise = Float32Array.from({ length: 96 * 96 * channels }, () => random.integer(2));
    const tensors = weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]);
    const restored = infer(graph, Object.fromEntries(tensors), tf.tensor4d(noise, [1, 96, 96, channels]));
    return tf.max(tf.abs(tf.sub(restored, 0.5))).arraySync() as number;
  });
  expect(farthest).toBeLessThan(4);
});

/** What each student gains at least, in dB, on the first photographs of a set. */
const gains: { name: string; set: string; task?: Task; condition: Condition; gain: number }[] = [
  { name: 'denoise/small', set: 'CBSD68', condition: { kind: 'noise', sigma: 25, seed: 0 }, gain: 10 },
  { name: 'denoise/small', set: 'CC', condition: { kind: 'pairs' }, gain: 1 },
  { name: 'derain/small', set: 'Rain100L', condition: { kind: 'pairs' }, gain: 5 },
  { name: 'derain/small', set: 'Rain100H_subset20', condition: { kind: 'pairs' }, gain: 7 },
  { name: 'derain/large', set: 'Rain100L', condition: { kind: 'pairs' }, gain: 5 },
  { name: 'derain/large', set: 'Rain100H_subset20', condition: { kind: 'pairs' }, gain: 8 },
  { name: 'deblur/small', set: 'CBSD68', task: 'deblur', condition: { kind: 'shake', seed: 0 }, gain: 2 },
  { name: 'jpeg/small', set: 'BSD100', task: 'jpeg', condition: { kind: 'jpeg', quality: 10 }, gain: 0.7 },
  { name: 'jpeg/large', set: 'BSD100', task: 'jpeg', condition: { kind: 'jpeg', quality: 10 }, gain: 0.8 },
  { name: 'sr2/small', set: 'Set5', condition: { kind: 'bicubic', scale: 2 }, gain: 3 },
  { name: 'sr2/tiny', set: 'Set5', condition: { kind: 'bicubic', scale: 2 }, gain: 3 },
  {
    name: 'sr2/upload',
    set: 'Set5',
    condition: { kind: 'bicubic', scale: 2, stored: { format: 'jpeg', quality: 50 } },
    gain: 1,
  },
  { name: 'sr4/small', set: 'Set5', condition: { kind: 'bicubic', scale: 4 }, gain: 2 },
  { name: 'sr4/large', set: 'Set5', condition: { kind: 'bicubic', scale: 4 }, gain: 2 },
  {
    name: 'sr4/upload',
    set: 'Set5',
    condition: { kind: 'bicubic', scale: 4, stored: { format: 'jpeg', quality: 50 } },
    gain: 1,
  },
];

beforeAll(async () => void (await openEngine('wasm')));

for (const { name, set, task, condition, gain } of gains) {
  const missing = existsSync(path.join(dataFolder(), set)) ? '' : ` (needs ${set})`;
  it.skipIf(missing !== '')(`${name} gains at least ${gain} dB on ${set}${missing}`, async () => {
    const { input, output } = await measured(modelCandidate(await released(name)), set, condition, task);
    expect(output - input).toBeGreaterThan(gain);
  });
}

const clean = existsSync(path.join(dataFolder(), 'CBSD68')) ? '' : ' (needs CBSD68)';
const inPlace = students.filter((name) => !name.startsWith('sr'));
it.skipIf(clean !== '').each(inPlace)(
  `%s leaves a clean photograph nearly as it is${clean}`,
  async (name) => {
    const none: Condition = { kind: 'noise', sigma: 0, seed: 0 };
    const { output } = await measured(modelCandidate(await released(name)), 'CBSD68', none);
    // Few are as clean as the denoiser is asked for.
    expect(output).toBeGreaterThan(name === 'denoise/small' ? 40 : 33);
  },
);

/** Mean PSNR over the first three photographs of a set. */
async function measured(student: Candidate, set: string, condition: Condition, task?: Task) {
  const dataset = await openDataset(set, dataFolder(), task);
  dataset.samples = dataset.samples.slice(0, 3);
  const { input, rows } = await measureDataset([student], dataset, condition, { seed: 0 });
  // Null is infinite: one came out as it was.
  const { mean } = rows[0]!.output.psnr;
  return { input: input.psnr.mean!, output: mean ?? Number.POSITIVE_INFINITY };
}
