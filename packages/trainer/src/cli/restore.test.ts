import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildNetwork, initialWeights, type NetworkConfig, Random, writeModel } from '@pellucid/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-restore-'));
  const noise = { type: 'gaussian', mean: 128, sigma: 25 } as const;
  await sharp({ create: { width: 96, height: 64, channels: 3, background: '#000', noise } })
    .png()
    .toFile(path.join(folder, 'noisy.png'));
  // Too small to tell what it suffers from.
  await sharp({ create: { width: 20, height: 10, channels: 3, background: '#a33' } })
    .png()
    .toFile(path.join(folder, 'small.png'));
  const network: NetworkConfig = { kind: 'edge-sr', scale: 2, width: 8, depth: 1 };
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, new Random(1));
  await writeFile(
    path.join(folder, 'own.safetensors'),
    writeModel({ name: 'own', task: 'sr', network, graph, weights }, 'F32'),
  );
});
afterAll(() => rm(folder, { recursive: true }));

function run(...words: string[]): Promise<{ status: number; output: string }> {
  const script = path.join(import.meta.dirname, 'restore.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...words, '--engine', 'wasm'],
      { cwd: folder },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

const spread = async (file: string) => (await sharp(path.join(folder, file)).stats()).channels[0]!.stdev;

test('denoises unless told otherwise, wherever it is run', async () => {
  const { status, output } = await run('noisy.png', 'denoised.png');
  expect(status, output).toBe(0);
  expect(output).toContain('denoise-small on ');
  expect(output).toContain('1/1  denoised.png  restored\n');
  expect(await spread('denoised.png')).toBeLessThan(8);
});

test('finds out what each photograph needs, and copies the others', async () => {
  const { status, output } = await run('.', 'out', '--task', 'auto');
  expect(status, output).toBe(0);
  expect(output).toContain('auto on ');
  expect(output).toMatch(/noisy\.png {2}restored: noise\n/);
  expect(output).toMatch(/small\.png {2}copied: nothing to mend\n/);
  expect(await spread('out/noisy.png')).toBeLessThan(8);
  const [copy, original] = await Promise.all(
    ['out/small.png', 'small.png'].map((file) => readFile(path.join(folder, file))),
  );
  expect(copy).toEqual(original);
});

test('enlarges a JPEG by the student for uploads, what else there is by the usual one', async () => {
  await mkdir(path.join(folder, 'mixed'));
  const photograph = () => sharp(path.join(folder, 'small.png'));
  await photograph()
    .png()
    .toFile(path.join(folder, 'mixed', 'a.png'));
  await photograph()
    .jpeg({ quality: 70 })
    .toFile(path.join(folder, 'mixed', 'b.jpg'));
  const { status, output } = await run('mixed', 'enlarged', '--task', 'sr2');
  expect(status, output).toBe(0);
  expect(output).toContain('sr2-small on ');
  expect(output).toMatch(/a\.png {2}restored\n/);
  expect(output).toMatch(/b\.jpg {2}restored: lost much in its file, by sr2\/upload\n/);
  const named = await run(path.join('mixed', 'b.jpg'), 'named.png', '--task', 'sr2/small');
  expect(named.output).toContain('1/1  named.png  restored\n');
});

test('takes a model of your own, which may enlarge', async () => {
  const { status, output } = await run('small.png', 'large.png', '--model', 'own.safetensors');
  expect(status, output).toBe(0);
  expect(await sharp(path.join(folder, 'large.png')).metadata()).toMatchObject({ width: 40, height: 20 });
});

test.concurrent.each([
  [['--task', 'denoise', '--model', 'own.safetensors'], /not both\. \[cli\/usage\]/],
  [['--task', 'dehaze'], /No model is released for the task "dehaze"[.;].*denoise.*\[restore\/no-model\]/],
])('refuses %j before any work', async (words, message) => {
  const { status, output } = await run('noisy.png', 'refused.png', ...words);
  expect(status).toBe(1);
  expect(output).toMatch(message);
});
