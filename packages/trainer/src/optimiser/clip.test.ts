import { expect, test } from 'vitest';
import { clipByGlobalNorm } from './clip.ts';

test('clipping keeps the direction and reports the norm before it', () => {
  const gradient = Float32Array.of(3, 4);
  expect(clipByGlobalNorm(gradient, 1)).toBe(5);
  expect(Array.from(gradient)).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)]);
  expect(clipByGlobalNorm(gradient, 10)).toBeCloseTo(1, 6);
  expect(gradient[1]).toBeCloseTo(0.8, 6);
  expect(clipByGlobalNorm(Float32Array.of(1, Number.NaN), 1)).toBeNaN();
});
