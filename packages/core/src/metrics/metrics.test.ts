import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { photographs, readPicture } from '../../testing/images.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { greyPlane } from './grey.ts';
import { type MetricOptions, msSsim, psnr, ssim } from './index.ts';
import { msSsimWeights, scaleMeans } from './ms-ssim.ts';

const rgb: MetricOptions = { channel: 'RGB', crop: 0, round: false };
const luma: MetricOptions = { channel: 'Y', crop: 0, round: false };

function plain(width: number, height: number, colour: readonly [number, number, number]): Raster {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3]!);
  return { width, height, channels: 3, data };
}

function noise(width: number, height: number, seed: number): Raster {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  return { width, height, channels: 3, data };
}

describe('psnr', () => {
  it('is 10 log10(255^2 / MSE), the mean squared error taken over all channels', () => {
    const a: Raster = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 20, 30, 40, 50, 60) };
    const b: Raster = { width: 2, height: 1, channels: 3, data: Uint8Array.of(13, 20, 26, 40, 50, 60) };
    // Squared errors 9 and 16 over six values.
    expect(psnr(a, b, rgb)).toBeCloseTo(10 * Math.log10((65025 * 6) / 25), 10);
    expect(psnr(b, a, rgb)).toBe(psnr(a, b, rgb));
    expect(psnr(a, a, rgb)).toBe(Number.POSITIVE_INFINITY);
  });

  it('measures luma of BT.601 in studio range: 16 for black, 235 for white, 65.481 more for red', () => {
    const black = plain(1, 1, [0, 0, 0]);
    const expected = (difference: number) => 20 * Math.log10(255 / difference);
    expect(psnr(black, plain(1, 1, [255, 255, 255]), luma)).toBeCloseTo(expected(219), 10);
    expect(psnr(black, plain(1, 1, [255, 0, 0]), luma)).toBeCloseTo(expected(65.481), 10);
    expect(psnr(black, plain(1, 1, [0, 255, 0]), luma)).toBeCloseTo(expected(128.553), 10);
    expect(psnr(black, plain(1, 1, [0, 0, 255]), luma)).toBeCloseTo(expected(24.966), 10);
    // Rounded, as MATLAB's function gives it for bytes: 81.481 and 144.553 become 81 and 145.
    const rounded: MetricOptions = { ...luma, channel: 'Y8' };
    expect(psnr(black, plain(1, 1, [255, 0, 0]), rounded)).toBeCloseTo(expected(65), 10);
    expect(psnr(black, plain(1, 1, [0, 255, 0]), rounded)).toBeCloseTo(expected(129), 10);
  });

  it('leaves the border out', () => {
    const a = noise(16, 12, 1);
    const b = { ...a, data: a.data.slice() };
    for (const [x, y] of [
      [8, 1],
      [8, 10],
      [1, 6],
      [14, 6],
    ] as const) {
      b.data[(y * 16 + x) * 3] = 255 - a.data[(y * 16 + x) * 3]!;
    }
    b.data[(2 * 16 + 2) * 3] = a.data[(2 * 16 + 2) * 3]! ^ 16;
    expect(psnr(a, b, { ...rgb, crop: 2 })).toBeCloseTo(10 * Math.log10((65025 * 12 * 8 * 3) / 256), 10);
    expect(psnr(a, b, { ...rgb, crop: 3 })).toBe(Number.POSITIVE_INFINITY);
  });

  it('clips and rounds to 8 bits when asked, and only then', () => {
    const a = plain(2, 2, [0, 128, 255]);
    const data = Float32Array.from({ length: 12 }, (_, i) => [-0.2, 128.4 / 255, 1.5][i % 3]!);
    const b: Raster = { width: 2, height: 2, channels: 3, data };
    expect(psnr(a, b, { ...rgb, round: true })).toBe(Number.POSITIVE_INFINITY);
    expect(psnr(a, b, rgb)).toBeCloseTo(10 * Math.log10(3 / (0.2 ** 2 + 0.5 ** 2 + (0.4 / 255) ** 2)), 4);
  });

  it('compares bytes, 16-bit words, floats and RGBA on one scale', () => {
    const bytes = plain(2, 1, [10, 100, 200]);
    const words: Raster = { ...bytes, data: Uint16Array.from(bytes.data, (value) => value * 257) };
    const floats: Raster = { ...bytes, data: Float32Array.from(bytes.data, (value) => value / 255) };
    const alpha: Raster = { ...bytes, channels: 4, data: Uint8Array.of(10, 100, 200, 7, 10, 100, 200, 9) };
    for (const other of [words, floats, alpha]) expect(psnr(bytes, other, rgb)).toBeGreaterThan(120);
  });

  it('refuses images of two sizes and a crop that leaves nothing', () => {
    const error = expect.objectContaining({ name: 'PellucidError', code: 'metric/size' });
    for (const metric of [psnr, ssim]) {
      expect(() => metric(noise(12, 16, 1), noise(16, 12, 1), rgb)).toThrow(error);
      expect(() => metric(noise(12, 16, 1), noise(12, 16, 1), { ...rgb, crop: 6 })).toThrow(error);
    }
    expect(() => ssim(noise(12, 16, 1), noise(12, 16, 1), { ...rgb, crop: 1 })).toThrow(error);
  });
});

it('refuses values that are no numbers', () => {
  const sound: Raster = { width: 161, height: 161, channels: 3, data: new Float32Array(161 * 161 * 3) };
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = { ...sound, data: sound.data.slice() };
    broken.data[500] = value;
    for (const metric of [psnr, ssim, msSsim]) {
      for (const options of [rgb, luma]) {
        expect(() => metric(sound, broken, options)).toThrow(
          expect.objectContaining({ name: 'PellucidError', code: 'metric/not-finite' }),
        );
      }
    }
  }
});

describe('msSsim', () => {
  it('is 1 for equal images, and the luminance term to its weight for plain ones', () => {
    expect(msSsim(noise(161, 170, 1), noise(161, 170, 1), rgb)).toBeCloseTo(1, 12);
    const term = (2 * 100 * 120 + 6.5025) / (100 * 100 + 120 * 120 + 6.5025);
    const value = msSsim(plain(161, 161, [100, 50, 0]), plain(161, 161, [120, 50, 0]), rgb);
    expect(value).toBeCloseTo((term ** 0.1333 + 2) / 3, 8);
  });

  it('averages 2x2 pixels between scales, and an odd last column with itself', () => {
    // Checks of one pixel vanish in the second scale: from there on both images are plain.
    const size = 161;
    const checks = plain(size, size, [0, 0, 0]);
    for (let i = 0; i < checks.data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      checks.data[i] = x < 160 && y < 160 ? 100 + 20 * (((x + y) % 2) * 2 - 1) : 100;
    }
    const grey = plain(size, size, [100, 100, 100]);
    const planes = [checks, grey].map(({ data }) =>
      Float64Array.from({ length: size * size }, (_, i) => data[3 * i]!),
    );
    const means = scaleMeans(planes[0]!, planes[1]!, size, size);
    expect(means[0]).toBeLessThan(0.3);
    for (const mean of means.slice(1)) expect(mean).toBeCloseTo(1, 12);
    expect(msSsim(checks, grey, rgb)).toBeCloseTo(means[0]! ** 0.0448, 10);
  });

  it('is 0, not a root of a negative number, for images whose structure is opposite', () => {
    const a = noise(161, 161, 1);
    const b: Raster = { ...a, data: a.data.map((value) => 255 - value) };
    expect(msSsim(a, b, rgb)).toBe(0);
  });

  it('refuses what its last scale does not fit into', () => {
    expect(() => msSsim(noise(160, 200, 1), noise(160, 200, 1), rgb)).toThrow(
      expect.objectContaining({ name: 'PellucidError', code: 'metric/size' }),
    );
  });
});

describe('ssim', () => {
  it('is 1 for equal images', () => {
    expect(ssim(noise(20, 20, 1), noise(20, 20, 1), rgb)).toBeCloseTo(1, 12);
  });

  it('is the luminance term alone for plain images', () => {
    const c1 = 6.5025;
    const term = (a: number, b: number) => (2 * a * b + c1) / (a * a + b * b + c1);
    const value = ssim(plain(15, 13, [100, 50, 0]), plain(15, 13, [120, 50, 10]), rgb);
    expect(value).toBeCloseTo((term(100, 120) + 1 + term(0, 10)) / 3, 8);
    const [y1, y2] = [16 + (65.481 * 100) / 255, 16 + (65.481 * 120) / 255];
    expect(ssim(plain(15, 13, [100, 0, 0]), plain(15, 13, [120, 0, 0]), luma)).toBeCloseTo(term(y1, y2), 8);
  });

  it("equals the definition under one 11x11 window, and the mean over the window's positions inside", () => {
    const a = noise(13, 12, 1);
    const b = noise(13, 12, 2);
    const values = [0, 1, 2].flatMap((x) => [0, 1].map((y) => windowSsim(a, b, x, y)));
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    expect(ssim(a, b, rgb)).toBeCloseTo(mean, 10);
    const middle = { a: crop(a, 1, 0, 11, 11), b: crop(b, 1, 0, 11, 11) };
    expect(ssim(middle.a, middle.b, rgb)).toBeCloseTo(windowSsim(a, b, 1, 0), 10);
  });
});

/** SSIM under the one window whose corner is at (x, y), from the paper's definition of the moments. */
function windowSsim(a: Raster, b: Raster, x: number, y: number): number {
  const offsets = Array.from({ length: 121 }, (_, i) => ({ dx: i % 11, dy: Math.floor(i / 11) }));
  const weights = offsets.map(({ dx, dy }) => Math.exp(-((dx - 5) ** 2 + (dy - 5) ** 2) / 4.5));
  const total = weights.reduce((sum, weight) => sum + weight);
  const expectation = (values: number[]) =>
    values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / total;
  const channels = [0, 1, 2].map((channel) => {
    const values = (image: Raster) =>
      offsets.map(({ dx, dy }) => image.data[((y + dy) * image.width + x + dx) * 3 + channel]!);
    const [p, q] = [values(a), values(b)];
    const [meanP, meanQ] = [expectation(p), expectation(q)];
    const varianceP = expectation(p.map((value) => (value - meanP) ** 2));
    const varianceQ = expectation(q.map((value) => (value - meanQ) ** 2));
    const covariance = expectation(p.map((value, i) => (value - meanP) * (q[i]! - meanQ)));
    const luminance = (2 * meanP * meanQ + 6.5025) / (meanP ** 2 + meanQ ** 2 + 6.5025);
    return (luminance * (2 * covariance + 58.5225)) / (varianceP + varianceQ + 58.5225);
  });
  return channels.reduce((sum, value) => sum + value) / 3;
}

function crop(image: Raster, left: number, top: number, width: number, height: number): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, channels: 3, data };
}

/**
 * The calibration images of IQA-PyTorch with the values their authors obtained from MATLAB. Found by trying: its
 * `psnr` row is RGB; its `ssim` row is `ssim_index.m` on `rgb2gray`, rounded to bytes.
 */
const folder = photographs('IQA_oracle');
const present = existsSync(folder);

describe.skipIf(!present)(`against MATLAB${present ? '' : ` (skipped: no ${folder})`}`, () => {
  const rows = present ? officialRows(join(folder, 'pyiqa_results_official.csv')) : [];

  it.each(rows)('$file: PSNR $psnr, SSIM $ssim, MS-SSIM $msSsim', async (row) => {
    const reference = await readPicture(join(folder, 'pyiqa_ref', row.file));
    const distorted = await readPicture(join(folder, 'pyiqa_dist', row.file));
    expect(Math.abs(psnr(reference, distorted, rgb) - row.psnr)).toBeLessThan(0.0051);
    expect(Math.abs(ssim(grey(reference), grey(distorted), rgb) - row.ssim)).toBeLessThan(0.000051);
    // The row is the weighted sum of the scales, which the authors' code offers beside the paper's product.
    const [a, b] = [reference, distorted].map((image) => greyPlane(image, 'MS-SSIM', 161)) as [
      Float64Array,
      Float64Array,
    ];
    const means = scaleMeans(a, b, reference.width, reference.height);
    const total = msSsimWeights.reduce((sum, weight) => sum + weight);
    const sum = means.reduce((partial, mean, scale) => partial + (mean * msSsimWeights[scale]!) / total, 0);
    expect(Math.abs(sum - row.msSsim)).toBeLessThan(0.000051);
  });
});

function officialRows(csv: string): { file: string; psnr: number; ssim: number; msSsim: number }[] {
  const lines = readFileSync(csv, 'utf8').split(/\r?\n/);
  const cells = (method: string) =>
    lines
      .find((line) => line.startsWith(`${method},`))!
      .split(',')
      .slice(1);
  const [decibels, similarities, multiScale] = [cells('psnr'), cells('ssim'), cells('ms_ssim')];
  return cells('Method').map((file, i) => ({
    file,
    psnr: Number(decibels[i]),
    ssim: Number(similarities[i]),
    msSsim: Number(multiScale[i]),
  }));
}

/** MATLAB's `rgb2gray`, which rounds to bytes. */
function grey({ data, ...size }: Raster): Raster {
  const levels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    levels.fill(
      Math.round(0.298936 * data[i]! + 0.587043 * data[i + 1]! + 0.114021 * data[i + 2]!),
      i,
      i + 3,
    );
  }
  return { ...size, data: levels };
}
