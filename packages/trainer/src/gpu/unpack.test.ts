import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadNewestCheckpoint, saveCheckpoint, type TrainingState } from '../checkpoint.ts';
import { formatRecipe, parseRecipe } from '../recipe.ts';
import { packedPath, restorePaths } from './manifest.ts';
import { unpack } from './unpack.ts';

const recipe = (photographs: string, teacher: string) =>
  parseRecipe(`
name: far
task: denoise
data: { photographs: ${photographs}, patch: 8, batch: 2 }
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
teacher: ${teacher}
method: { kind: logits }
optimiser: { warmup: 2 }
steps: 10
`);
const here = recipe('/photographs of mine', 'models/denoise/teacher');
const there = recipe(packedPath('photographs'), packedPath('teacher'));
const state: TrainingState = {
  step: 4,
  weights: Float32Array.of(1, 2),
  first: Float32Array.of(3, 4),
  second: Float32Array.of(5, 6),
  average: Float32Array.of(7, 8),
  best: { step: 4, psnr: 30 },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-unpack-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** `runs.tar.gz` as train.sh leaves it, after `spoil` has had its way. */
async function archive(spoil = async (_root: string) => {}): Promise<string> {
  const root = path.join(folder, 'there');
  const run = path.join(root, 'runs', 'far');
  await saveCheckpoint(path.join(run, 'checkpoints'), state, there);
  await writeFile(path.join(run, 'recipe.yml'), formatRecipe(there));
  const paths = {
    [packedPath('photographs')]: here.data.photographs,
    [packedPath('teacher')]: here.teacher,
  };
  await writeFile(path.join(root, 'manifest.json'), JSON.stringify({ format: 'pellucid-pack/1', paths }));
  await spoil(root);
  const file = path.join(folder, 'runs.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', root, ...(await readdir(root))]);
  return file;
}

test('a run comes home with the paths of home, and its state untouched', async () => {
  const out = path.join(folder, 'runs');
  expect(await unpack(await archive(), out)).toEqual([path.join(out, 'far')]);
  expect(await readdir(out)).toEqual(['far']);
  const saved = await loadNewestCheckpoint(path.join(out, 'far', 'checkpoints'), (damage) => {
    throw new Error(damage);
  });
  expect(saved).toEqual({ state, recipe: here });
  expect(parseRecipe(await readFile(path.join(out, 'far', 'recipe.yml'), 'utf8'))).toEqual(here);
});

test('a run that is there already is not mixed with another, and nothing else is left', async () => {
  const out = path.join(folder, 'runs');
  await mkdir(path.join(out, 'far'), { recursive: true });
  await expect(unpack(await archive(), out)).rejects.toMatchObject({ code: 'run/exists' });
  expect(await readdir(out)).toEqual(['far']);
  expect(await readdir(path.join(out, 'far'))).toEqual([]);
});

test.each([
  ['without a manifest', (root: string) => rm(path.join(root, 'manifest.json'))],
  ['without runs', (root: string) => rm(path.join(root, 'runs'), { recursive: true })],
  ['with a link', (root: string) => symlink('/etc', path.join(root, 'runs', 'far', 'link'))],
])('an archive %s is refused', async (_, spoil) => {
  const file = await archive(spoil);
  const out = path.join(folder, 'runs');
  await expect(unpack(file, out)).rejects.toMatchObject({ code: 'gpu/not-runs' });
  expect(await readdir(out)).toEqual([]);
});

test('what is no archive is refused', async () => {
  const file = path.join(folder, 'runs.tar.gz');
  await writeFile(file, 'no archive');
  await expect(unpack(file, path.join(folder, 'runs'))).rejects.toMatchObject({ code: 'gpu/not-runs' });
});

test('only whole paths into the archive are put back', () => {
  const paths = { 'inputs/teacher': 'home' };
  const value = { a: ['inputs/teacher', 'inputs/teacher/x', 3], b: null, c: { d: 'inputs/teacher' } };
  expect(restorePaths(value, paths)).toEqual({
    a: ['home', 'inputs/teacher/x', 3],
    b: null,
    c: { d: 'home' },
  });
});
