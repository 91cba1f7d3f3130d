import { expect, test } from 'vitest';
import { averageWeights } from './average.ts';

test('the average forgets its start quickly, then follows the decay', () => {
  const average = Float32Array.of(0);
  averageWeights(average, Float32Array.of(1), 0.999, 0);
  expect(average[0]).toBeCloseTo(0.9, 6);
  averageWeights(average, Float32Array.of(2), 0.9, 1e6);
  expect(average[0]).toBeCloseTo(0.9 + 0.1 * 1.1, 6);
});
