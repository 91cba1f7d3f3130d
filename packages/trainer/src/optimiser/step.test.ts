import { Random } from '@pellucid/core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { Parameters } from '../parameters.ts';
import type { Recipe } from '../recipe.ts';
import { takeStep } from './step.ts';

beforeAll(async () => void (await openEngine('wasm')));

const settings: Recipe['optimiser'] = {
  kind: 'muon',
  learningRate: 0.01,
  finalLearningRate: 0,
  warmup: 0,
  beta1: 0.9,
  beta2: 0.999,
  momentum: 0.95,
  weightDecay: 0,
  clip: 1,
  ema: 0.999,
};

const parameters = new Parameters([
  { name: 'body.weight', shape: [3, 3, 4, 8] },
  { name: 'body.bias', shape: [8] },
  { name: 'depthwise.weight', shape: [3, 3, 8, 1] },
  { name: 'body.filtered.scale', shape: [4, 1, 8] },
]);
const ofKernel = parameters.slots[0]!.size;

function randomNumbers(seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: parameters.count }, () => random.normal());
}

/** Where the weights are, from zero, after a step along each gradient. */
async function after(
  gradients: Float32Array[],
  changes: Partial<Recipe['optimiser']> = {},
): Promise<Float32Array> {
  const array = () => new Float32Array(parameters.count);
  const state = { weights: array(), first: array(), second: array() };
  for (const [step, gradient] of gradients.entries())
    await takeStep(state, gradient.slice(), parameters, { ...settings, ...changes }, 0.01, step);
  return state.weights;
}

const rms = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

test('muon moves kernels by about the learning rate, and leaves to adamw what is no matrix', async () => {
  const gradient = randomNumbers(1);
  const muon = await after([gradient]);
  const adamw = await after([gradient], { kind: 'adamw' });
  expect(rms(muon.subarray(0, ofKernel))).toBeGreaterThan(0.007);
  expect(rms(muon.subarray(0, ofKernel))).toBeLessThan(0.0115);
  expect(muon.subarray(0, ofKernel)).not.toEqual(adamw.subarray(0, ofKernel));
  expect(muon.subarray(ofKernel)).toEqual(adamw.subarray(ofKernel));
});

test('a kernel falls where its gradient rises, whatever the size of the gradient', async () => {
  const gradient = randomNumbers(2);
  const one = await after([gradient]);
  const thousand = await after([gradient.map((value) => value / 1000)]);
  let along = 0;
  for (let i = 0; i < ofKernel; i++) {
    along += one[i]! * gradient[i]!;
    expect(thousand[i]).toBeCloseTo(one[i]!, 5);
  }
  expect(along).toBeLessThan(0);
});

test('muon remembers by its momentum', async () => {
  const gradients = [randomNumbers(3), randomNumbers(4)];
  const forgetful = await after(gradients, { momentum: 0 });
  const alone = [await after([gradients[0]!]), await after([gradients[1]!])];
  for (let i = 0; i < ofKernel; i++) expect(forgetful[i]).toBeCloseTo(alone[0]![i]! + alone[1]![i]!, 5);
  const mindful = await after(gradients, { momentum: 0.9 });
  // 0.9 (0.1 g1) + 0.1 g2, once more moved towards g2.
  const ahead = gradients[0]!.map(
    (g, i) => 0.9 * (0.09 * g + 0.1 * gradients[1]![i]!) + 0.1 * gradients[1]![i]!,
  );
  const second = await after([ahead], { momentum: 0 });
  for (let i = 0; i < ofKernel; i++) expect(mindful[i]).toBeCloseTo(alone[0]![i]! + second[i]!, 5);
});

test('weights decay in kernels too', async () => {
  const state = {
    weights: new Float32Array(parameters.count).fill(2),
    first: new Float32Array(parameters.count),
    second: new Float32Array(parameters.count),
  };
  await takeStep(
    state,
    new Float32Array(parameters.count),
    parameters,
    { ...settings, weightDecay: 0.5 },
    0.1,
    0,
  );
  for (const weight of state.weights) expect(weight).toBeCloseTo(2 * (1 - 0.05), 5);
});
