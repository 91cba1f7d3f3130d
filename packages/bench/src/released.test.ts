import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadModel, openEngine } from '@pellucid/trainer';
import { expect, it } from 'vitest';
import { modelCandidate } from './candidate.ts';
import { openDataset } from './datasets/dataset.ts';
import { dataFolder, root } from './folders.ts';
import { measureDataset } from './measure.ts';
import { compareCost } from './suites/compression.ts';

const released = (name: string) => loadModel(path.join(root, 'models', name));
const photographs = path.join(dataFolder(), 'CBSD68');
const files = ['101085.webp', '119082.webp', '302008.webp'];
const missing = files.filter((file) => !existsSync(path.join(photographs, file)));

it('the released denoiser is at least 80 % below its teacher and costs at most 50,000 MACs per pixel', async () => {
  const models = await Promise.all(['denoise/small', 'denoise/teacher'].map(released));
  const { passed, student } = compareCost(models[0]!, models[1]!, { width: 256, height: 256 }, 0.8);
  expect(passed).toBe(true);
  expect(student.macsPerPixel).toBeLessThanOrEqual(50_000);
});

it.skipIf(missing.length > 0)(
  `the released denoiser restores photographs (needs ${files.join(', ')} of CBSD68)`,
  async () => {
    await openEngine('wasm');
    const dataset = await openDataset('CBSD68', dataFolder());
    dataset.samples = dataset.samples.filter(({ file }) => files.includes(file));
    const small = modelCandidate(await released('denoise/small'));
    const at = async (sigma: number) => {
      const table = await measureDataset([small], dataset, { kind: 'noise', sigma, seed: 0 }, { seed: 0 });
      return { input: table.input.psnr.mean, output: table.rows[0]!.output.psnr.mean };
    };
    const noisy = await at(25);
    expect(noisy.input).toBeCloseTo(20.17, 1);
    expect(noisy.output).toBeGreaterThan(30);
    // A clean photograph is left alone.
    expect((await at(0)).output).toBeGreaterThan(40);
  },
);
