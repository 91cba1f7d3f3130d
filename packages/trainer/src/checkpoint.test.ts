import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  checkpointSteps,
  loadNewestCheckpoint,
  removeUnfinished,
  saveCheckpoint,
  type TrainingState,
} from './checkpoint.ts';
import { parseRecipe } from './recipe.ts';

const recipe = parseRecipe(`
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
steps: 300
`);

const stateAt = (step: number, best: TrainingState['best'] = null): TrainingState => ({
  step,
  best,
  weights: Float32Array.of(step, 0.1, -0),
  first: Float32Array.of(1e-30, 2, 3),
  second: Float32Array.of(4, 5, 6),
  average: Float32Array.of(7, 8, 9),
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

const load = async () => {
  const damaged: string[] = [];
  const loaded = await loadNewestCheckpoint(folder, (message) => damaged.push(message));
  return { ...loaded, damaged };
};

test('gives back what was saved, to the bit', async () => {
  const state = stateAt(5, { step: 5, psnr: 31.25 });
  await saveCheckpoint(folder, state, recipe);
  expect(await load()).toEqual({ state, recipe, damaged: [] });
});

test('keeps the last two and the best', async () => {
  for (const step of [10, 20, 30, 40]) {
    const best = { step: step < 20 ? 10 : 20, psnr: 30 };
    await saveCheckpoint(folder, stateAt(step, best), recipe);
  }
  expect(await checkpointSteps(folder)).toEqual([40, 30, 20]);
});

test.each([
  ['cut short', (file: string) => truncate(file, 700)],
  ['empty', (file: string) => truncate(file, 0)],
  ['something else', (file: string) => writeFile(file, 'no checkpoint')],
  [
    'changed by one bit',
    async (file: string) => {
      const bytes = await readFile(file);
      bytes[bytes.length - 20]! ^= 4;
      await writeFile(file, bytes);
    },
  ],
])('goes back to the one before when the newest is %s', async (_, damage) => {
  await saveCheckpoint(folder, stateAt(1), recipe);
  await damage(await saveCheckpoint(folder, stateAt(2), recipe));
  const { state, damaged } = await load();
  expect(state).toEqual(stateAt(1));
  expect(damaged).toEqual([expect.stringMatching(/step-00000002.* is damaged .* going back/)]);
  expect((await readdir(folder)).sort()).toEqual([
    'step-00000001.safetensors',
    'step-00000002.safetensors.damaged',
  ]);
});

test('says so when none is left', async () => {
  await writeFile(path.join(folder, 'step-00000002.safetensors'), '');
  await expect(load()).rejects.toMatchObject({ code: 'checkpoint/none' });
  await expect(loadNewestCheckpoint(path.join(folder, 'nowhere'), () => {})).rejects.toMatchObject({
    code: 'checkpoint/none',
  });
});

test('a file half written when its process died is no checkpoint, and is cleared away', async () => {
  await saveCheckpoint(folder, stateAt(1), recipe);
  await writeFile(path.join(folder, 'step-00000002.safetensors.unfinished'), 'half');
  expect((await load()).state.step).toBe(1);
  await removeUnfinished(folder);
  expect(await readdir(folder)).toEqual(['step-00000001.safetensors']);
});
