import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadModel, openEngine, readImage } from '@pellucid/trainer';
import { expect, it } from 'vitest';
import { bench, compression } from './bench.ts';

const root = path.join(import.meta.dirname, '../../..');
const released = (name: string) => loadModel(path.join(root, 'models', name));
const photographs = path.resolve(root, process.env.PELLUCID_DATA ?? '../shared/data', 'CBSD68');
const files = ['101085.webp', '119082.webp', '302008.webp'];
const missing = files.filter((file) => !existsSync(path.join(photographs, file)));

it('the released denoiser is at least 80 % below its teacher and costs at most 50,000 MACs per pixel', async () => {
  const { macsPerPixel, teacher } = compression(
    await released('denoise/small'),
    await released('denoise/teacher'),
  );
  expect(macsPerPixel).toBeLessThanOrEqual(50_000);
  expect(teacher!.macsCut).toBeGreaterThanOrEqual(0.8);
  expect(teacher!.parametersCut).toBeGreaterThanOrEqual(0.8);
});

it.skipIf(missing.length > 0)(
  `the released denoiser restores photographs (needs ${files.join(', ')} of CBSD68)`,
  async () => {
    await openEngine('wasm');
    const settings = {
      command: '',
      engine: 'wasm',
      model: await released('denoise/small'),
      teacher: undefined,
    };
    const sources = files.map((file) => ({ file, read: () => readImage(path.join(photographs, file)) }));
    const at = async (sigma: number) =>
      (
        await bench(sources, {
          ...settings,
          data: 'CBSD68',
          degradation: { kind: 'gaussian-noise', sigma },
          seed: 0,
        })
      ).mean;
    const noisy = await at(25);
    expect(noisy.input.psnr).toBeCloseTo(20.17, 1);
    expect(noisy.output.psnr).toBeGreaterThan(30);
    // A clean photograph is left alone.
    expect((await at(0)).output.psnr).toBeGreaterThan(40);
  },
);
