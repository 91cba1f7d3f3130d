import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildNetwork, initialWeights, type NetworkConfig, Random, writeModel } from '@pellucid/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../model-file.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8], encoder: [1], decoder: [] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-export-'));
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, new Random(1));
  const model = { name: 'denoise/tiny', task: 'denoise', network, graph, weights };
  await writeFile(path.join(folder, 'tiny.safetensors'), writeModel(model, 'F32'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(...words: string[]): Promise<{ status: number; output: string }> {
  const script = path.join(import.meta.dirname, 'export-model.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, 'tiny.safetensors', ...words],
      { cwd: folder },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

test.concurrent.each([
  [
    'onnx',
    ['denoise-tiny.onnx'],
    /plane after plane, height and width multiples of 2[\s\S]*ort\.InferenceSession\.create\('denoise-tiny\.onnx'\)/,
  ],
  [
    'tfjs',
    ['denoise-tiny-tfjs/group1-shard1of1.bin', 'denoise-tiny-tfjs/model.json'],
    /pixel after pixel, height and width multiples of 2[\s\S]*tf\.loadGraphModel\('denoise-tiny-tfjs\/model\.json'\)/,
  ],
  ['safetensors', ['denoise-tiny.safetensors'], /readModel\(await readFile\('denoise-tiny\.safetensors'\)\)/],
])(
  'writes %s and says how to run it',
  async (format, files, text) => {
    const { status, output } = await run('--format', format);
    expect(status, output).toBe(0);
    for (const file of files) {
      const { length } = await readFile(path.join(folder, file));
      expect(output).toContain(`Wrote ${file}: ${(length / 2 ** 20).toFixed(2)} MiB`);
    }
    expect(output).toMatch(text);
    const own = path.dirname(files[0]!) === '.' ? files[0]! : path.dirname(files[0]!);
    expect((await readdir(folder)).filter((name) => name.startsWith(own))).toEqual([own]);
  },
  60_000,
);

test.concurrent.each(['F16', 'I8'])(
  'writes %s to where it is told',
  async (dtype) => {
    const out = path.join(dtype, 'm.safetensors');
    const { status, output } = await run('--format', 'safetensors', '--dtype', dtype, '--out', out);
    expect(status, output).toBe(0);
    expect((await loadModel(path.join(folder, out))).network).toEqual(network);
  },
  60_000,
);

test.concurrent.each([
  [['--format', 'coreml'], /--format coreml is none of onnx, tfjs, safetensors\. \[cli\/usage\]/],
  [['--format', 'onnx', '--dtype', 'F16'], /F16 is for safetensors.* \[cli\/usage\]/],
  [['--format', 'safetensors', '--dtype', 'I4'], /I4 is none of F32, F16, I8\. \[cli\/usage\]/],
])(
  'refuses %j',
  async (words, message) => {
    const { status, output } = await run(...words);
    expect(status).toBe(1);
    expect(output).toMatch(message);
  },
  60_000,
);
