import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { photographs, readPicture } from '../../testing/images.ts';
import { Random } from '../random.ts';
import { createDegradation, DegradationSettings } from './index.ts';

const reduce = (scale: number, pixels: Float32Array, width: number, height: number) =>
  createDegradation(DegradationSettings.parse({ kind: 'bicubic-downscale', scale })).apply(
    pixels,
    width,
    height,
    new Random(1),
  ) as Float32Array;

describe('bicubicDownscale', () => {
  it.each([2, 3, 4])('makes both sides %i times smaller, and values that a file of 8 bits holds', (scale) => {
    const pixels = Float32Array.from({ length: 24 * 12 * 3 }, (_, i) => ((i * 37) % 101) / 100);
    const before = pixels.slice();
    const reduced = reduce(scale, pixels, 24, 12);
    expect(pixels).toEqual(before);
    expect(reduced.length).toBe((24 * 12 * 3) / scale ** 2);
    for (const value of reduced) expect(255 * value).toBeCloseTo(Math.round(255 * value), 4);
  });

  it('hands what is left to the degradation that follows, and draws from the same stream', async () => {
    const pixels = Float32Array.from({ length: 24 * 12 * 3 }, (_, i) => ((i * 37) % 101) / 100);
    const noise = { kind: 'gaussian-noise', sigma: [5, 50] };
    const settings = DegradationSettings.parse({ kind: 'bicubic-downscale', scale: 2, afterwards: noise });
    const degradation = createDegradation(settings);
    expect(degradation.scale).toBe(2);
    const expected = await createDegradation(DegradationSettings.parse(noise)).apply(
      reduce(2, pixels, 24, 12),
      12,
      6,
      new Random(1),
    );
    expect(await degradation.apply(pixels, 24, 12, new Random(1))).toEqual(expected);
  });

  it('is followed by nothing that reads far beyond a patch', () => {
    const afterwards = { kind: 'motion-blur' };
    expect(DegradationSettings.safeParse({ kind: 'bicubic-downscale', scale: 2, afterwards }).success).toBe(
      false,
    );
  });

  const folders = ['Set5', 'Set5_LR_bicubic'].map(photographs);
  const missing = folders.find((folder) => !existsSync(folder));
  it.skipIf(missing)(
    `makes the literature's low-resolution Set5${missing ? ` (skipped: no ${missing})` : ''}`,
    async () => {
      const truth = await readPicture(path.join(folders[0]!, 'butterfly.png'));
      const published = await readPicture(path.join(folders[1]!, 'X4', 'butterflyx4.png'));
      const reduced = reduce(
        4,
        Float32Array.from(truth.data, (value) => value / 255),
        truth.width,
        truth.height,
      );
      expect(Array.from(reduced, (value) => Math.round(255 * value))).toEqual([...published.data]);
    },
  );
});
