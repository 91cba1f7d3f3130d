import { createDegradation, psnr, Random } from '@pellucid/core';
import { expect, it } from 'vitest';
import { jpegCodec } from './jpeg-codec.ts';
import { proceduralPhotograph } from './procedural.ts';

const photograph = proceduralPhotograph(64, new Random(2));
const clean = Float32Array.from(photograph.data, (value) => value / 255);

async function stored(quality: number, subsampled: number, width = 64, height = 64): Promise<Float32Array> {
  const degradation = createDegradation({ kind: 'jpeg', quality, subsampled }, jpegCodec);
  return degradation.apply(clean.slice(0, width * height * 3), width, height, new Random(1));
}

const quality = (data: Float32Array, channel: 'RGB' | 'Y') => {
  const raster = (data: Float32Array) => ({ width: 64, height: 64, channels: 3 as const, data });
  return psnr(raster(data), raster(clean), { channel, crop: 0, round: false });
};

it('loses more at a lower quality, and colour by subsampling', async () => {
  const figures = await Promise.all([10, 40, 90].map(async (q) => quality(await stored(q, 0), 'RGB')));
  expect(figures[0]).toBeGreaterThan(20);
  expect(figures[0]! + 2).toBeLessThan(figures[1]!);
  expect(figures[1]! + 2).toBeLessThan(figures[2]!);
  const [whole, halved] = [await stored(90, 0), await stored(90, 1)];
  expect(quality(halved, 'RGB')).toBeLessThan(quality(whole, 'RGB') - 0.3);
  expect(quality(halved, 'Y')).toBeGreaterThan(quality(whole, 'Y') - 1);
});

it('keeps 8 bits and any size', async () => {
  const pixels = await stored(30, 1, 17, 5);
  expect(pixels.length).toBe(17 * 5 * 3);
  for (const value of pixels) expect(255 * value).toBeCloseTo(Math.round(255 * value), 4);
});
