import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { brisqueFeatures, msSsim, piqe, psnr, qualityScore, Random, ssim } from '@pellucid/core';
import { proceduralPhotograph } from '@pellucid/trainer';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { findBrowser } from './speed/browser.ts';
import { lackingBrowser } from './testing.ts';

const noBrowser = lackingBrowser();

const picture = proceduralPhotograph(192, new Random(1));
const spoilt = { ...picture, data: picture.data.map((value, i) => value ^ (i % 7)) };
const options = { channel: 'Y', crop: 2, round: true } as const;

it.skipIf(noBrowser !== '')(
  `measures in a browser what it measures in Node${noBrowser}`,
  async () => {
    const page = `
      import { brisqueFeatures, msSsim, piqe, psnr, qualityScore, ssim } from '@pellucid/core';
      const raster = (data) => ({ width: 192, height: 192, channels: 3, data: Uint8Array.from(data) });
      const a = raster(${JSON.stringify(Array.from(picture.data))});
      const b = raster(${JSON.stringify(Array.from(spoilt.data))});
      const options = ${JSON.stringify(options)};
      document.body.textContent = JSON.stringify([
        psnr(a, b, options), ssim(a, b, options), msSsim(a, b, options),
        ...brisqueFeatures(b), piqe(b).score, qualityScore(b),
      ]);`;
    const { outputFiles } = await build({
      stdin: { contents: page, resolveDir: import.meta.dirname },
      bundle: true,
      write: false,
      platform: 'browser',
      target: 'es2024',
      logLevel: 'silent',
    });
    const folder = await mkdtemp(path.join(tmpdir(), 'pellucid-page-'));
    try {
      const file = path.join(folder, 'page.html');
      const script = outputFiles[0]!.text.replaceAll('</script', '<\\/script');
      await writeFile(file, `<!doctype html><meta charset="utf-8"><body><script>${script}</script></body>`);
      const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'];
      const { stdout } = await promisify(execFile)(
        findBrowser(),
        [...flags, `--user-data-dir=${folder}/profile`, '--dump-dom', `file://${file}`],
        { maxBuffer: 2 ** 26, timeout: 60_000 },
      );
      const [, json] = /<body>(\[.*?\])/.exec(stdout)!;
      const expected = [
        psnr(picture, spoilt, options),
        ssim(picture, spoilt, options),
        msSsim(picture, spoilt, options),
        ...brisqueFeatures(spoilt),
        piqe(spoilt).score,
        qualityScore(spoilt),
      ];
      const measured = JSON.parse(json!) as number[];
      expect(measured).toHaveLength(expected.length);
      for (const [i, value] of expected.entries()) expect(measured[i]).toBeCloseTo(value, 9);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
  90_000,
);
