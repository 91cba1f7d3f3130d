import { PellucidError } from '@pellucid/core';
import { openEngine } from '@pellucid/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Candidate, fits, modelCandidate } from './candidate.ts';
import { type Dataset, openDataset } from './datasets/dataset.ts';
import type { Condition } from './datasets/protocol.ts';
import { bicubic } from './datasets/raster.ts';
import { measureDataset } from './measure.ts';
import { Gallery } from './report/gallery.ts';
import { QualityTable } from './report/schema.ts';
import { untrained } from './testing.ts';

const noise: Condition = { kind: 'noise', sigma: 25, seed: 0 };
const student = modelCandidate(untrained('student', 8));
const nothing: Candidate = {
  name: 'nothing',
  task: 'denoise',
  scale: 1,
  open: async () => ({ restore: async (image) => image, dispose() {} }),
};

let drawn: Dataset;
beforeAll(async () => {
  await openEngine('wasm');
  drawn = await openDataset('drawn', '');
  drawn.samples = drawn.samples.slice(0, 2);
});

describe('measureDataset', () => {
  it('measures what noise of the given sigma does, and what clipping it to 8 bits takes away', async () => {
    const table = await measureDataset([student], drawn, noise, { seed: 0 });
    // 20 log10(255 / 25)
    expect(table.input.psnr.mean).toBeCloseTo(20.17, 1);
    const [row] = table.rows;
    expect(row!.output.psnr.mean).toBeGreaterThan(table.input.psnr.mean!);
    expect(row!.output.psnr.mean).toBeLessThan(table.input.psnr.mean! + 4);
    expect(row!.cost!.macsPerPixel).toBe((9 * 12 * 8 * 2 + 9 * 8 * 8 * 2) / 4);
    expect(row!.millisecondsPerMegapixel).toBeGreaterThan(0);
    expect(table).toMatchObject({ dataset: 'drawn pictures (2 of 8)', measured: 2, expected: 8 });
    expect(table.protocol).toContain(
      'RGB, no border crop; Gaussian noise of sigma 25, seed 0, neither clipped',
    );
    expect(QualityTable.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  });

  it('can say that nothing differs, in JSON too', async () => {
    const table = await measureDataset([student], drawn, { ...noise, sigma: 0 }, { seed: 0 });
    expect(table.input.psnr).toMatchObject({ mean: null, n: 2 });
    expect(table.rows[0]!.images[0]!.input.psnr).toBeNull();
    expect(QualityTable.parse(JSON.parse(JSON.stringify(table)))).toEqual(table);
  });

  it('measures super-resolution on luma against the bicubic enlargement, without the border', async () => {
    const set = await openDataset('drawn', '', 'sr');
    set.samples = set.samples.slice(0, 1);
    const enlarge: Candidate = {
      ...nothing,
      task: 'sr',
      scale: 2,
      open: async () => ({ restore: async (image) => bicubic(image, 2), dispose() {} }),
    };
    const table = await measureDataset([enlarge], set, { kind: 'bicubic', scale: 2 }, { seed: 0 });
    expect(table.protocol).toContain('Y of BT.601, border of 2 pixels left out');
    expect(table.input).toEqual(table.rows[0]!.output);
    expect(table.input.psnr.mean).toBeGreaterThan(20);
  });

  it('lists what could not be measured and keeps the rest', async () => {
    const bad = {
      file: 'bad.png',
      read: async () => Promise.reject(new PellucidError('image/unreadable', 'No.')),
    };
    const absent: Candidate = {
      ...nothing,
      name: 'absent',
      open: () => Promise.reject(new PellucidError('bench/no-peer', 'Not to be had.')),
    };
    const set = { ...drawn, samples: [bad, drawn.samples[0]!], missing: [{ file: 'x', reason: 'half' }] };
    const table = await measureDataset([absent, nothing], set, noise, { seed: 0 });
    expect(table.absent).toEqual([{ candidate: 'absent', reason: 'Not to be had.' }]);
    expect(table.rows).toHaveLength(1);
    expect(table.rows[0]!.images).toHaveLength(1);
    expect(table.rows[0]!.skipped).toEqual([
      { file: 'x', reason: 'half' },
      { file: 'bad.png', reason: 'No.' },
    ]);
    await expect(
      measureDataset([nothing], { ...set, samples: [bad] }, noise, { seed: 0 }),
    ).rejects.toMatchObject({
      code: 'bench/no-photographs',
      message: expect.stringContaining('half'),
    });
  });

  it('keeps what the candidate gained most and least on, where its error is largest', async () => {
    const gallery = new Gallery();
    const table = await measureDataset([nothing], drawn, noise, { seed: 0, gallery });
    const [extremes] = gallery.extremes();
    const gains = table.rows[0]!.images.map(({ file, input, output }) => ({
      file,
      gain: output.psnr! - input.psnr!,
    }));
    gains.sort((a, b) => a.gain - b.gain);
    expect(extremes!.worst.file).toBe(gains[0]!.file);
    expect(extremes!.best.file).toBe(gains[1]!.file);
    expect(extremes!.best.views.truth).toMatchObject({ width: 240, height: 180 });
  });
});

describe('fits', () => {
  const denoiser: Candidate = { ...nothing, sigma: 25 };
  it('keeps every candidate to what it was made for', () => {
    expect(fits(denoiser, 'denoise', 'CBSD68', noise)).toBe(true);
    expect(fits(denoiser, 'denoise', 'CBSD68', { ...noise, sigma: 15 })).toBe(false);
    expect(fits(denoiser, 'denoise', 'CC', { kind: 'pairs' })).toBe(false);
    expect(fits(nothing, 'denoise', 'CC', { kind: 'pairs' })).toBe(true);
    expect(fits({ ...nothing, told: true }, 'denoise', 'CC', { kind: 'pairs' })).toBe(false);
    expect(fits(nothing, 'derain', 'Rain100L', { kind: 'pairs' })).toBe(false);
    const rain: Candidate = { ...nothing, task: 'derain', only: ['Rain100H'] };
    expect(fits(rain, 'derain', 'Rain100L', { kind: 'pairs' })).toBe(false);
    expect(fits(rain, 'derain', 'Rain100H_subset20', { kind: 'pairs' })).toBe(true);
    const twice: Candidate = { ...nothing, task: 'sr', scale: 2 };
    expect(fits(twice, 'sr', 'Set5', { kind: 'bicubic', scale: 2 })).toBe(true);
    expect(fits(twice, 'sr', 'Set5', { kind: 'bicubic', scale: 4 })).toBe(false);
  });
});
