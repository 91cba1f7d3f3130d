import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { congruentialPicture, photographs, readPicture } from '../../testing/images.ts';
import type { Raster } from '../raster.ts';
import { piqe } from './piqe.ts';

const picture = congruentialPicture();

function plain(width: number, height: number, value: number): Raster {
  return { width, height, channels: 3, data: new Float32Array(width * height * 3).fill(value) };
}

describe('piqe', () => {
  it('scores the file-free picture 82.066924: all 20 blocks active and noisy', () => {
    const result = piqe(picture);
    expect(result.score).toBeCloseTo(82.066924, 6);
    expect(result.counts).toEqual({ active: 20, artifact: 0, noisy: 20 });
    expect([result.columns, result.rows]).toEqual([5, 4]);
  });

  it('scores flat images 100, for want of an active block', () => {
    for (const value of [0, 0.5, 1]) {
      expect(piqe(plain(40, 33, value))).toMatchObject({
        score: 100,
        columns: 3,
        rows: 3,
        counts: { active: 0 },
      });
    }
  });

  it('mirrors images to whole blocks', () => {
    const [width, height] = [70, 50];
    const cut: Raster = { ...picture, width, height, data: new Uint8Array(width * height * 3) };
    const whole: Raster = { ...picture, width: 80, height: 64, data: new Uint8Array(80 * 64 * 3) };
    for (let i = 0; i < whole.data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % 80, Math.floor(i / 3 / 80)];
      const [fromX, fromY] = [x < width ? x : 139 - x, y < height ? y : 99 - y];
      whole.data[i] = picture.data[(fromY * 80 + fromX) * 3 + (i % 3)]!;
      if (x < width && y < height) cut.data[(y * width + x) * 3 + (i % 3)] = whole.data[i]!;
    }
    expect(piqe(cut)).toEqual(piqe(whole));
  });

  it('finds the blocks that compression leaves, and where they are', () => {
    // Blocks of 16x16, each a slope that its edges, cut off flat, do not continue: flat along the border.
    const [width, height] = [64, 48];
    const image = plain(width, height, 0);
    for (let i = 0; i < image.data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      const [u, v] = [x % 16, y % 16];
      const inside = u > 3 && u < 12 && v > 3 && v < 12 && x < 32;
      image.data[i] = inside ? 0.3 + 0.4 * ((x + y) % 2) : 0.5;
    }
    const { active, artifact, columns } = piqe(image);
    for (const [block, value] of active.entries()) expect(value).toBe(block % columns < 2 ? 1 : 0);
    expect(artifact).toEqual(active);
  });

  it('refuses what is smaller than a block, and what is no number', () => {
    for (const [code, image] of [
      ['metric/size', plain(15, 64, 0.5)],
      ['metric/size', plain(64, 15, 0.5)],
      ['metric/not-finite', plain(64, 64, Number.NaN)],
    ] as const) {
      expect(() => piqe(image)).toThrow(expect.objectContaining({ name: 'PellucidError', code }));
    }
  });
});

const folder = photographs('IQA_oracle');
const present = existsSync(folder);

describe.skipIf(!present)(`against MATLAB${present ? '' : ` (skipped: no ${folder})`}`, () => {
  // Scores of MATLAB's `piqe`; counts of another implementation that reproduces it.
  it.each([
    ['I03', 100, [0, 0, 0]],
    ['I04', 21.62, [749, 137, 129]],
    ['I06', 35.86, [727, 111, 356]],
    ['I08', 41.15, [755, 219, 360]],
    ['I19', 76.95, [484, 472, 53]],
  ])('%s: %d', async (name, score, counts) => {
    const result = piqe(await readPicture(join(folder, `pyiqa_dist/${name}.bmp`)));
    expect(Math.abs(result.score - score)).toBeLessThan(0.0051);
    expect(Object.values(result.counts)).toEqual(counts);
  });
});
