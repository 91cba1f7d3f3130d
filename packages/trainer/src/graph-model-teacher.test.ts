import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildNetwork, initialWeights, type Model, Random } from '@pellucid/core';
import { exportGraphModel } from '@pellucid/core/export';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pairs } from './data/index.ts';
import { openEngine } from './engine/index.ts';
import { LocalGradients } from './gradients/gradients.ts';
import { einsum } from './graph-model-teacher.ts';
import { parseRecipe } from './recipe.ts';
import { loadTeachers, methodFor } from './teachers.ts';

const network = { kind: 'edge-unet' as const, widths: [16, 16], encoder: [1, 1], decoder: [1] };
const graph = buildNetwork(network);
const random = new Random(1);
const weights = new Map(
  [...initialWeights(graph, random)].map(([name, values]) => [
    name,
    values.map((value) => value + 0.05 * random.normal()),
  ]),
);
const teacher: Model = { name: 'teacher', task: 'denoise', network, graph, weights };

let folder: string;
beforeAll(async () => {
  await openEngine('wasm');
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-graph-model-'));
  for (const [name, content] of Object.entries(exportGraphModel(teacher)))
    await writeFile(path.join(folder, name), content);
});
afterAll(() => rm(folder, { recursive: true }));

const recipeOf = (...overrides: string[]) =>
  parseRecipe(
    `
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8, 8], encoder: [1, 0], decoder: [1] }
teacher: ${path.join(folder, 'model.json')}
method: { kind: logits }
data: { patch: 16, batch: 2, validation: { size: 16 } }
steps: 300
`,
    overrides,
  );

const noise = () => Float32Array.from({ length: 2 * 16 * 16 * 3 }, () => random.next());
const batch: Pairs = { clean: noise(), degraded: noise(), shape: [2, 16, 16, 3] };

it('teaches what the network teaches that it was made of, and finds its own answers again', async () => {
  const recipe = recipeOf();
  const [foreign] = await loadTeachers(recipe);
  expect(foreign!.graph.alignment).toBe(graph.alignment);
  expect(() => methodFor(recipe, [foreign!])).not.toThrow();
  const step = async (gradients: LocalGradients) => {
    const gradient = new Float32Array(gradients.parameters.count);
    const start = Float32Array.from(gradient, (_, i) => Math.sin(i) / 20);
    const values = await gradients.compute(start, batch, gradient);
    await gradients.close();
    return { values, gradient };
  };
  const own = await step(new LocalGradients(recipe, [teacher]));
  const cache = { folder: path.join(folder, 'cache'), limit: 1e9 };
  for (const gradients of [
    new LocalGradients(recipe, [foreign!]),
    new LocalGradients(recipe, [foreign!], cache),
    new LocalGradients(recipe, [foreign!], cache),
  ]) {
    const { values, gradient } = await step(gradients);
    expect(values.l_teacher).toBeCloseTo(own.values.l_teacher!, 5);
    expect(Math.max(...gradient.map((slope, i) => Math.abs(slope - own.gradient[i]!)))).toBeLessThan(1e-5);
  }
});

it('has nothing to compare but its output', async () => {
  const recipe = recipeOf('method={kind: slkd}');
  const teachers = await loadTeachers(recipe);
  expect(() => methodFor(recipe, teachers)).toThrow(
    expect.objectContaining({ code: 'method/no-levels', message: expect.stringContaining('logits') }),
  );
  const image = recipeOf('method={kind: slkd, weights: {nc: 0, et: 0}}');
  expect(() => methodFor(image, teachers)).not.toThrow();
});

it.each([
  ['nowhere/model.json', undefined],
  ['other.json', '{"modelTopology": 3}'],
  [
    'lacking.json',
    '{"modelTopology": {"node": []}, "weightsManifest": [{"paths": ["no.bin"], "weights": []}]}',
  ],
])('refuses %s', async (name, content) => {
  const location = path.join(folder, name);
  if (content !== undefined) await writeFile(location, content);
  await expect(loadTeachers(recipeOf(`teacher=${location}`))).rejects.toMatchObject({
    code: 'teacher/not-graph-model',
  });
});

it.each([
  ['abcg,gf->abcf', [2, 3, 4, 5], [5, 6]],
  ['abgd,gf->abdf', [2, 3, 5, 4], [5, 6]],
  ['gb,cgef->bcef', [5, 2], [3, 5, 4, 6]],
  ['nij,njk->nik', [2, 3, 4], [2, 4, 5]],
])('multiplies %s as TensorFlow does', (equation, a, b) => {
  const [x, y] = [a, b].map((shape) => tf.randomUniform(shape, -1, 1, 'float32', 3));
  const found = einsum(equation, x!, y!);
  const values = [x!, y!].map((tensor) => ({ shape: tensor.shape, data: tensor.dataSync() }));
  tf.setBackend('cpu');
  const wanted = tf.einsum(equation, ...values.map(({ shape, data }) => tf.tensor(data, shape)));
  const expected = wanted.dataSync();
  tf.setBackend('wasm');
  expect(found.shape).toEqual(wanted.shape);
  expect([...found.dataSync()]).toEqual([...expected].map((value) => expect.closeTo(value, 4)));
});
