import { buildNetwork, initialWeights, l1, Random, weightsOf } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { methodOf } from '../methods/index.ts';
import { Parameters } from '../parameters.ts';
import { lossAndGradient } from './loss-and-gradient.ts';

beforeAll(async () => void (await openEngine('wasm')));

const random = new Random(1);
const graph = buildNetwork({ kind: 'edge-unet', widths: [8, 8], encoder: [1, 0], decoder: [0] });
const parameters = new Parameters(weightsOf(graph));
const noise = () => Float32Array.from({ length: parameters.count }, () => 0.1 * random.normal());
const patch = () =>
  tf.tensor4d(
    Float32Array.from({ length: 2 * 16 * 16 * 3 }, () => random.next()),
    [2, 16, 16, 3],
  );

test.each([
  [{ kind: 'scratch' }, ['l_pixel', 'loss']],
  [{ kind: 'logits', weight: 0.5 }, ['l_pixel', 'l_teacher', 'loss']],
] as const)('the gradient of %j is the slope of its loss', async (config, names) => {
  const batch = { degraded: patch(), clean: patch(), distance: l1 };
  const teacher = { graph, weights: parameters.upload(noise()) };
  const before = tf.memory().numTensors;
  const lossAt = async (weights: Float32Array, gradient = new Float32Array(parameters.count)) =>
    lossAndGradient(methodOf(config, graph), { graph, parameters, weights }, [teacher], batch, gradient);

  const weights = noise();
  const gradient = new Float32Array(parameters.count);
  const values = await lossAt(weights, gradient);
  expect(Object.keys(values).sort()).toEqual(names);
  if (config.kind === 'logits') expect(values.loss).toBeCloseTo(values.l_pixel! + 0.5 * values.l_teacher!, 6);

  const direction = noise();
  const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
  const along = async (distance: number) =>
    (await lossAt(weights.map((w, i) => w + distance * direction[i]!))).loss!;
  expect(((await along(2e-4)) - (await along(-2e-4))) / 4e-4 / slope).toBeCloseTo(1, 1);
  expect(Math.abs(slope)).toBeGreaterThan(5e-3);
  expect(tf.memory().numTensors).toBe(before);
});

test('weights keep their places', () => {
  const weights = initialWeights(graph, random);
  const flat = parameters.flatten(weights);
  expect(parameters.unflatten(flat)).toEqual(weights);
  expect(flat.length).toBe(parameters.count);
});
