import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildNetwork, initialWeights, Random } from '@pellucid/core';
import { expect, test } from 'vitest';
import { loadModel } from './model-file.ts';
import { networkOf, parseRecipe } from './recipe.ts';
import { costTable, nextSteps, release } from './release.ts';

const recipe = parseRecipe(`
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
steps: 300
`);
const graph = buildNetwork({ kind: 'edge-unet', widths: [8], encoder: [1], decoder: [] });

test('the cost table counts, and tells the reduction', () => {
  // 3x3 convolutions 12->8, 8->8 twice, 8->12, with biases, at half resolution.
  const student = 9 * 12 * 8 + 8 + 2 * (9 * 8 * 8 + 8) + 9 * 8 * 12 + 12;
  expect(costTable(graph, undefined)).toContain(`| parameters | ${student.toLocaleString('en')} |`);
  const teacher = buildNetwork({ kind: 'edge-unet', widths: [8], encoder: [6], decoder: [] });
  const larger = student + 10 * (9 * 8 * 8 + 8);
  const reduction = (100 * (1 - student / larger)).toFixed(1);
  expect(costTable(graph, teacher)).toContain(
    `| parameters | ${student.toLocaleString('en')} | ${larger.toLocaleString('en')} | ${reduction} % |`,
  );
});

test('writes a model that reads back within two bits of half precision, and a card', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-release-'));
  const weights = initialWeights(graph, new Random(1));
  const model = { name: 'tiny', task: 'denoise', network: networkOf(recipe.student), graph, weights };
  const written = await release(
    folder,
    { model, psnr: { degraded: 20.1, restored: 30.25, teacher: 31 } },
    recipe,
    undefined,
  );
  const read = await loadModel(written);
  for (const [name, values] of weights)
    for (const [i, value] of values.entries())
      expect(Math.abs(read.weights.get(name)![i]! - value)).toBeLessThanOrEqual(Math.abs(value) / 512);
  const card = await readFile(path.join(written, 'card.md'), 'utf8');
  expect(card).toContain('20.10 dB degraded, 30.25 dB restored, 31.00 dB restored by the teacher');
  expect(card).toContain('widths: [ 8 ]');
  await rm(folder, { recursive: true });
});

test('says how a model is served, where its task is', () => {
  const enlarging = (scale: 2 | 3) => {
    const network = { kind: 'edge-sr', scale, width: 8, depth: 1 } as const;
    return { name: 'tiny', task: 'sr', network, graph: buildNetwork(network), weights: new Map() };
  };
  expect(nextSteps(enlarging(2), 'runs/x/model')).toContain(
    'cp runs/x/model/model.safetensors models/sr2/small/ && npx -y pnpm@12 edge',
  );
  expect(nextSteps(enlarging(3), 'runs/x/model')).not.toContain('edge');
});

test('a model that is not there is an error that says what to give', async () => {
  await expect(loadModel('/nowhere')).rejects.toMatchObject({
    code: 'model/not-found',
    message: expect.stringContaining('/nowhere'),
  });
});
