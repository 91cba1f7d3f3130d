import { brisqueFeatures, piqe, qualityScore, type Raster, resizeBicubic } from '@pellucid/core';
import { expect, test } from 'vitest';

/** 80x64 grey pixels from the congruential generator of ISO C, seed 12345. */
function congruentialPicture(): Raster {
  const data = new Uint8Array(80 * 64 * 3);
  let state = 12345;
  for (let i = 0; i < data.length; i += 3) {
    state = (Math.imul(1103515245, state) + 12345) & 0x7fffffff;
    data.fill((state >> 16) & 255, i, i + 3);
  }
  return { width: 80, height: 64, channels: 3, data };
}

/** What Node computes, and what the LIVE BRISQUE model scores 97.573032. */
const features = [
  10, 0.808663, 1.445, -0.106302, 0.691266, 0.478938, 1.437, -0.108455, 0.691042, 0.474672, 1.345, -0.086437,
  0.701319, 0.522303, 1.379, -0.045964, 0.658744, 0.563828, 2.987, 0.636259, 0.933, -0.015021, 0.377785,
  0.351664, 1.022, -0.032688, 0.369412, 0.315633, 0.942, -0.080418, 0.454056, 0.311744, 0.92, -0.024382,
  0.40914, 0.365299,
];

test('judges images without a reference in a Worker as elsewhere', () => {
  const picture = congruentialPicture();
  for (const [k, value] of brisqueFeatures(picture).entries()) expect(value).toBeCloseTo(features[k]!, 6);
  expect(piqe(picture).score).toBeCloseTo(82.066924, 6);
  expect(Number.isFinite(qualityScore(picture))).toBe(true);
  expect(resizeBicubic(picture, 1 / 2)).toMatchObject({ width: 40, height: 32 });
});
