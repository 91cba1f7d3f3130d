import {
  buildNetwork,
  initialWeights,
  type Model,
  type NetworkConfig,
  PellucidError,
  Random,
  type Raster,
} from '@pellucid/core';
import { openEngine, proceduralPhotograph } from '@pellucid/trainer';
import { beforeAll, expect, it } from 'vitest';
import { type BenchSettings, bench } from './bench.ts';
import { Report, toMarkdown } from './report.ts';

/** An untrained network is the identity, so what comes out is what went in, clipped and rounded. */
function untrained(name: string, width: number): Model {
  const network: NetworkConfig = { kind: 'edge-unet', widths: [width], encoder: [1], decoder: [] };
  const graph = buildNetwork(network);
  return { name, task: 'denoise', network, graph, weights: initialWeights(graph, new Random(1)) };
}

const settings: BenchSettings = {
  command: 'pnpm bench',
  engine: 'wasm',
  model: untrained('student', 8),
  teacher: untrained('teacher', 24),
  data: 'drawn',
  degradation: { kind: 'gaussian-noise', sigma: 25 },
  seed: 0,
};

const photograph = (seed: number): Raster => proceduralPhotograph(64, new Random(seed));
const good = (file: string, seed: number) => ({ file, read: async () => photograph(seed) });
const bad = {
  file: 'bad.png',
  read: async (): Promise<Raster> => {
    throw new PellucidError('image/unreadable', 'bad.png is not a photograph that can be read.');
  },
};

beforeAll(async () => void (await openEngine('wasm')));

it('measures what noise of the given sigma does, and what the cut is', async () => {
  const report = await bench([good('a', 1), good('b', 2)], settings);
  // 20 log10(255 / 25)
  expect(report.mean.input.psnr).toBeCloseTo(20.17, 1);
  // Clipping to what 8 bits can hold takes some noise away; nothing else does.
  expect(report.mean.output.psnr).toBeGreaterThan(report.mean.input.psnr!);
  expect(report.mean.output.psnr).toBeLessThan(report.mean.input.psnr! + 4);
  const { teacher, ...own } = report.compression;
  expect(teacher?.parametersCut).toBeCloseTo(1 - own.parameters / teacher!.parameters);
  expect(own.macsPerPixel).toBe((9 * 12 * 8 * 2 + 9 * 8 * 8 * 2) / 4);
  expect(report.speed.millisecondsPerMegapixel).toBeGreaterThan(0);
  expect(Report.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});

it('gives a photograph the same noise whichever others stand beside it', async () => {
  const alone = await bench([good('b', 2)], settings);
  const together = await bench([good('a', 1), good('b', 2)], settings);
  expect(together.images[1]).toEqual(alone.images[0]);
  const reseeded = await bench([good('b', 2)], { ...settings, seed: 1 });
  expect(reseeded.images[0]!.input).not.toEqual(alone.images[0]!.input);
});

it('can say that nothing differs, in JSON too', async () => {
  const report = await bench([good('a', 1)], {
    ...settings,
    degradation: { kind: 'gaussian-noise', sigma: 0 },
  });
  expect(report.mean.input.psnr).toBeNull();
  expect(Report.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  expect(toMarkdown(report)).toContain('| input | no difference | 1.0000 |');
});

it('lists what could not be measured and keeps the rest', async () => {
  const report = await bench([bad, good('a', 1)], settings);
  expect(report.images).toHaveLength(1);
  expect(report.skipped).toEqual([
    { file: 'bad.png', reason: 'bad.png is not a photograph that can be read.' },
  ]);
  expect(toMarkdown(report)).toContain('- bad.png: bad.png is not a photograph');
  await expect(bench([bad], settings)).rejects.toMatchObject({ code: 'bench/no-photographs' });
});

it('writes a table that says what was measured and how', async () => {
  const report = await bench([good('a', 1)], settings);
  const markdown = toMarkdown(report);
  for (const words of [
    'student on drawn',
    'sigma 25, seed 0',
    'no border crop',
    '**restored**',
    '| cut |',
    '| a | 64x64 |',
  ])
    expect(markdown).toContain(words);
});
