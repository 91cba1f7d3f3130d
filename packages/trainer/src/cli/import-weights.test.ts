import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  type NetworkConfig,
  type SafetensorsFile,
  weightsOf,
  writeSafetensors,
} from '@pellucid/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../model-file.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8], encoder: [1], decoder: [] };
const config = '{widths: [8], encoder: [1], decoder: []}';

type NamedArray = SafetensorsFile['tensors'] extends Map<string, infer T> ? T : never;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-import-'));
  // The network's weights as PyTorch would hold them: outputs first.
  const tensors = weightsOf(buildNetwork(network)).map(({ name, shape }): [string, NamedArray] => {
    const [height, width, inputs, outputs] = shape;
    const saved = outputs ? [outputs, inputs!, height!, width!] : shape;
    const data = new Float32Array(saved.reduce((a, b) => a * b, 1)).fill(0.5);
    return [`module.${name}`, { shape: saved, data }];
  });
  const aux: [string, NamedArray] = ['module.aux.weight', { shape: [1], data: Float32Array.of(1) }];
  const checkpoint = writeSafetensors({ tensors: new Map([...tensors, aux]), metadata: {} }, 'F32');
  await writeFile(path.join(folder, 'official.safetensors'), checkpoint);
  await writeFile(path.join(folder, 'cut.safetensors'), checkpoint.subarray(0, 900));
  await writeFile(path.join(folder, 'config.yml'), 'widths: [8]\nencoder: [1]\ndecoder: []\n');
  await writeFile(path.join(folder, 'page.pth'), '<!doctype html>');
});
afterAll(() => rm(folder, { recursive: true }));

interface Outcome {
  status: number;
  output: string;
}

function run(command: string, ...words: string[]): Promise<Outcome> {
  const script = path.join(import.meta.dirname, `${command}.ts`);
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...words], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

const importing = (file: string, ...words: string[]) =>
  run('import-weights', file, '--arch', 'edge-unet', '--out', 'model', ...words);

test('makes a model of a checkpoint, and says what it cost and what was left over', async () => {
  const { status, output } = await importing('official.safetensors', '--config', config, '--task', 'denoise');
  expect(output).toMatch(/official: edge-unet \{widths: \[8\], encoder: \[1\], decoder: \[\]\} for denoise/);
  expect(output).toMatch(/2,\d+ parameters\n\s+\d+ MACs per pixel/);
  expect(output).toMatch(/no use for 1 of the checkpoint's tensors[\s\S]*\n {2}aux\.weight\n/);
  expect(output).toMatch(/Wrote model\/model\.safetensors: .* in F32/);
  expect(status, output).toBe(0);
  const model = await loadModel(path.join(folder, 'model'));
  expect(model).toMatchObject({ name: 'official', task: 'denoise', network });
  expect(new Set(model.weights.get('head.weight'))).toEqual(new Set([0.5]));
}, 60_000);

test('a converted checkpoint says itself what it is', async () => {
  const tensors = weightsOf(
    buildNetwork({ kind: 'pan', scale: 2, width: 40, largeWidth: 24, blocks: 16 }),
  ).map(({ name, shape }): [string, NamedArray] => [
    `w.${name}`,
    { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
  ]);
  const converted = writeSafetensors(
    { tensors: new Map(tensors), metadata: { task: 'sr', scale: '2' } },
    'F32',
  );
  await writeFile(path.join(folder, 'pan_x2.safetensors'), converted);
  const { output } = await run('import-weights', 'pan_x2.safetensors', '--out', 'pan');
  expect(output).toMatch(/pan_x2: pan .*scale: 2.* for sr/);
  expect(await loadModel(path.join(folder, 'pan'))).toMatchObject({ name: 'pan_x2', task: 'sr' });
  const unsaid = await run('import-weights', 'official.safetensors', '--out', 'model');
  expect(unsaid.output).toMatch(/--arch.*edge-unet/);
});

test('reads the config from a file, and writes float16 under a name', async () => {
  const words = ['--config', 'config.yml', '--dtype', 'F16', '--name', 'small'];
  const { output } = await importing('official.safetensors', '--out', 'half/small.safetensors', ...words);
  expect(output).toMatch(/Wrote half\/small\.safetensors: .* in F16/);
  expect((await loadModel(path.join(folder, 'half/small.safetensors'))).name).toBe('small');
  const inspected = await run('inspect-model', 'half/small.safetensors', '--size', '64x32');
  expect(inspected.output).toMatch(
    /small: edge-unet \{widths: \[8\].* for restore\n[\s\S]* at 64x32[\s\S]*● +head/,
  );
  expect(inspected.output).not.toMatch(/\bnode\b/);
}, 60_000);

test.each<[string, string[], RegExp]>([
  ['a page that is no checkpoint', ['page.pth', '--config', config], /\[import\/not-a-checkpoint\]/],
  ['a file cut short', ['cut.safetensors', '--config', config], /\[model\/not-safetensors\]/],
  ['no file', ['none.pth', '--config', config], /no readable file at none\.pth\. \[import\/not-found\]/],
  [
    'no config where there are no defaults',
    ['official.safetensors'],
    /needs --config:\n {2}widths: .*\n[\s\S]*\[import\/bad-config\]/,
  ],
  [
    'another config',
    ['official.safetensors', '--config', '{widths: [16], encoder: [1], decoder: []}'],
    /"head\.weight" has shape \[8, 12, 3, 3\], but the network needs \[16, 12, 3, 3\].*\[import\/wrong-shape\]/,
  ],
  ['a config that is not there', ['official.safetensors', '--config', 'no.yml'], /no\.yml is neither/],
  ['a misspelt network', ['official.safetensors', '--arch=edge-unte'], /did you mean edge-unet\?/],
  ['another dtype', ['official.safetensors', '--config', config, '--dtype', 'F8'], /none of F32, F16/],
])(
  '%s is an error, and nothing is written',
  async (_, words, message) => {
    const { status, output } = await importing(words[0]!, ...words.slice(1), '--out', 'nowhere');
    expect(output).toMatch(message);
    expect(output).not.toMatch(/\n {4}at /);
    expect(status).toBe(1);
    expect(await readdir(folder)).not.toContain('nowhere');
  },
  60_000,
);

test('a size that is none is an error', async () => {
  const { status, output } = await run('inspect-model', 'model', '--size', '0x9');
  expect(output).toContain('write it as 1920x1080. [cli/usage]');
  expect(status).toBe(1);
}, 60_000);
