import {
  buildNetwork,
  initialWeights,
  type Model,
  type NetworkConfig,
  parameters,
  Random,
} from '@pellucid/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pairs } from '../data/index.ts';
import { type EngineName, openEngine } from '../engine/index.ts';
import { type Gradients, LocalGradients } from './gradients.ts';
import { openParallelGradients, split } from './parallel.ts';

const student: NetworkConfig = { kind: 'edge-unet', widths: [8, 8], encoder: [1, 0], decoder: [1] };
const graph = buildNetwork(student);
const count = parameters(graph);
const recipe = { student, method: { kind: 'logits', weight: 0.5 }, loss: { l1: 0.05, spectrum: 1 } } as const;
const random = new Random(1);
const noise = (length: number) => Float32Array.from({ length }, () => 0.2 * random.normal());
const teacher: Model = {
  name: 'teacher',
  task: 'denoise',
  network: student,
  graph,
  weights: initialWeights(graph, random),
};
const batch: Pairs = { clean: noise(5 * 256 * 3), degraded: noise(5 * 256 * 3), shape: [5, 16, 16, 3] };

describe('split', () => {
  it('gives every patch to one share, in order', () => {
    const shares = split(batch, 3);
    expect(shares.map(({ shape }) => shape[0])).toEqual([2, 2, 1]);
    expect(shares.flatMap(({ clean }) => [...clean])).toEqual([...batch.clean]);
    expect(shares.flatMap(({ degraded }) => [...degraded])).toEqual([...batch.degraded]);
  });

  it('cuts degraded patches that are smaller at the same joints', () => {
    const degraded = noise(5 * 64 * 3);
    const shares = split({ ...batch, degraded, scale: 2 }, 2);
    expect(shares.map(({ scale, degraded }) => [scale, degraded.length])).toEqual([
      [2, 3 * 64 * 3],
      [2, 2 * 64 * 3],
    ]);
    expect(shares.flatMap(({ degraded }) => [...degraded])).toEqual([...degraded]);
  });
});

describe('two workers', () => {
  let two: Gradients;
  beforeAll(async () => {
    await openEngine('wasm');
    two = await openParallelGradients(recipe, [teacher], { engine: 'wasm', workers: 2 });
  });
  afterAll(() => two.close());

  it('find the same loss and gradient as one, to 1e-5, and the same again', async () => {
    const one = new LocalGradients(recipe, [teacher]);
    const weights = noise(count);
    const [a, b, c] = [0, 1, 2].map(() => new Float32Array(count)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const expected = await one.compute(weights, batch, a);
    const values = await two.compute(weights, batch, b);
    await one.close();
    expect(Object.keys(values)).toEqual(Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) expect(values[name]).toBeCloseTo(value, 5);
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let i = 0; i < count; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-5 * largest);
    await two.compute(weights, batch, c);
    expect(c).toEqual(b);
  });

  it('whose engine does not start are an error, not a hang', async () => {
    const opening = openParallelGradients(recipe, [teacher], {
      engine: 'nowhere' as EngineName,
      workers: 2,
    });
    await expect(opening).rejects.toMatchObject({ code: 'engine/worker-failed' });
  });
});
