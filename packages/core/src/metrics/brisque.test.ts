import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { congruentialPicture, photographs, readPicture } from '../../testing/images.ts';
import type { Raster } from '../raster.ts';
import { gaussianWindow } from './gaussian-window.ts';
import { greyPlane } from './grey.ts';
import { brisqueFeatures, brisqueScore, readSupportVectorModel } from './index.ts';
import { mscn, mscnWindow } from './mscn.ts';

const picture = congruentialPicture();

describe('mscn', () => {
  it('has the window of the authors', () => {
    const row = [...mscnWindow].map((weight) => weight * mscnWindow[3]!);
    const expected = [0.00430352, 0.02700894, 0.08130511, 0.11739636];
    for (const [k, weight] of [...expected, ...expected.slice(0, 3).reverse()].entries()) {
      expect(row[k]).toBeCloseTo(weight, 8);
    }
    expect(mscnWindow[0]! ** 2).toBeCloseTo(0.00015775863, 10);
  });

  it('takes black beyond the border', () => {
    const map = mscn(greyPlane(picture, 'test', 1), 80, 64, 'zero');
    expect(map.reduce((sum, value) => sum + Math.abs(value), 0)).toBeCloseTo(3976.849483, 5);
    expect(map[0]).toBeCloseTo(1.760464, 6);
    expect(map[31 * 80 + 40]).toBeCloseTo(1.555414, 6);
  });

  it.each(['zero', 'replicate'] as const)('is what its definition says, border %s', (border) => {
    const [width, height] = [11, 9];
    const plane = greyPlane(picture, 'test', 1).slice(0, width * height);
    const weights = gaussianWindow(7, 7 / 6);
    const pixel = (x: number, y: number) => {
      if (border === 'zero' && (x < 0 || y < 0 || x >= width || y >= height)) return 0;
      return plane[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!;
    };
    const map = mscn(plane, width, height, border);
    for (const [i, value] of map.entries()) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const mean = (power: number) => {
        let sum = 0;
        for (let k = 0; k < 49; k++) {
          const [dx, dy] = [(k % 7) - 3, Math.floor(k / 7) - 3];
          sum += weights[dx + 3]! * weights[dy + 3]! * pixel(x + dx, y + dy) ** power;
        }
        return sum;
      };
      expect(value).toBeCloseTo((plane[i]! - mean(1)) / (Math.sqrt(mean(2) - mean(1) ** 2) + 1), 9);
    }
  });
});

describe('brisqueFeatures', () => {
  it('measures bytes, 16-bit words, floats and RGBA alike', () => {
    const features = brisqueFeatures(picture);
    expect(features).toHaveLength(36);
    const data = picture.data as Uint8Array;
    const opaque = Uint8Array.from({ length: 80 * 64 * 4 }, (_, i) => data[3 * Math.floor(i / 4) + (i % 4)]!);
    for (const other of [
      { ...picture, data: Uint16Array.from(data, (value) => 257 * value) },
      { ...picture, data: Float32Array.from(data, (value) => value / 255) },
      { ...picture, channels: 4 as const, data: opaque },
    ]) {
      expect(brisqueFeatures(other)).toEqual(features);
    }
  });

  it('refuses what it can say nothing about', () => {
    const image = (width: number, height: number, value: number): Raster => ({
      width,
      height,
      channels: 3,
      data: new Float32Array(width * height * 3).fill(value),
    });
    for (const [code, raster] of [
      ['metric/size', image(15, 40, 0.5)],
      ['metric/size', image(40, 15, 0.5)],
      ['metric/flat', image(40, 40, 0.5)],
      ['metric/flat', image(40, 40, 0)],
      ['metric/not-finite', image(40, 40, Number.NaN)],
    ] as const) {
      expect(() => brisqueFeatures(raster)).toThrow(expect.objectContaining({ name: 'PellucidError', code }));
    }
  });

  it('is finite for images that are all but flat', () => {
    for (const size of [16, 40]) {
      const data = new Uint8Array(size * size * 3);
      data[0] = 255;
      expect(brisqueFeatures({ width: size, height: size, channels: 3, data }).every(Number.isFinite)).toBe(
        true,
      );
    }
  });
});

/** The 36 features that the authors' algorithm yields, to six decimals. */
const i01 = [
  2.709, 0.435092, 0.865, 0.122193, 0.119835, 0.276565, 0.887, 0.026412, 0.16907, 0.202274, 0.872, -0.00856,
  0.18887, 0.17811, 0.883, -0.096361, 0.244607, 0.125097, 2.784, 0.420489, 0.826, 0.106837, 0.128744,
  0.268459, 0.874, -0.017789, 0.19696, 0.174487, 0.891, -0.067797, 0.219509, 0.13664, 0.897, -0.112939,
  0.249197, 0.112095,
];
const goldhill = [
  2.572, 0.351037, 0.812, 0.051382, 0.099038, 0.153455, 0.799, 0.047054, 0.105102, 0.1561, 0.815, -0.03498,
  0.143156, 0.106262, 0.834, -0.03698, 0.140334, 0.102161, 2.743, 0.310781, 0.818, 0.107698, 0.05513,
  0.156725, 0.81, 0.047698, 0.080631, 0.126393, 0.846, -0.02657, 0.111462, 0.086744, 0.858, -0.029808,
  0.110953, 0.083608,
];

const [folder, live] = [photographs('IQA_oracle'), photographs('brisque_live')];
const missing = [folder, live].filter((path) => !existsSync(path));
const skipped = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : '';

describe.skipIf(missing.length > 0)(`against the authors' release${skipped}`, () => {
  const model = () =>
    readSupportVectorModel(
      readFileSync(join(live, 'allmodel'), 'utf8'),
      readFileSync(join(live, 'allrange'), 'utf8'),
    );

  it('scores the file-free picture 97.573032', () => {
    expect(brisqueScore(brisqueFeatures(picture), model())).toBeCloseTo(97.573032, 5);
  });

  // MATLAB's values. Flat parts, where the last bit decides on signs, make the last ones differ by implementation.
  it.each([
    ['piq_assets/I01.BMP', 10.259409, 1e-4],
    ['piq_assets/goldhill.gif', 8.425548, 1e-4],
    ['pyiqa_dist/I04.bmp', -0.107618, 2e-6],
    ['pyiqa_dist/I03.bmp', 94.6421, 0.01],
    ['pyiqa_dist/I06.bmp', 0.992889, 0.15],
    ['pyiqa_dist/I08.bmp', 5.35827, 0.4],
  ])('scores %s %d', async (file, score, tolerance) => {
    const features = brisqueFeatures(await readPicture(join(folder, file)));
    expect(Math.abs(brisqueScore(features, model()) - score)).toBeLessThan(tolerance);
  });

  it.each([
    ['piq_assets/I01.BMP', i01],
    ['piq_assets/goldhill.gif', goldhill],
  ])('finds the features of %s', async (file, expected) => {
    const features = brisqueFeatures(await readPicture(join(folder, file)));
    for (const [k, value] of features.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6);
  });
});
