import { Random } from '@pellucid/core';
import { describe, expect, it } from 'vitest';
import { median, statistic } from './statistics.ts';

describe('statistic', () => {
  it('is the mean and the sample standard deviation', () => {
    expect(statistic([2, 4, 4, 4, 5, 5, 7, 9], 0)).toMatchObject({
      mean: 5,
      deviation: Math.sqrt(32 / 7),
      n: 8,
    });
    expect(statistic([30], 0)).toEqual({ mean: 30, deviation: 0, low: 30, high: 30, n: 1 });
  });

  it('has an interval as wide as theory says of normal values: 1.96 standard errors to each side', () => {
    const random = new Random(1);
    const values = Array.from({ length: 400 }, () => random.normal());
    const { mean, deviation, low, high } = statistic(values, 0);
    const error = deviation! / Math.sqrt(400);
    expect((high! - mean!) / error).toBeCloseTo(1.96, 0);
    expect((mean! - low!) / error).toBeCloseTo(1.96, 0);
    expect((high! - low!) / error).toBeGreaterThan(3.6);
    expect((high! - low!) / error).toBeLessThan(4.2);
  });

  it('is repeated by its seed', () => {
    const values = [1, 5, 2, 8, 3];
    expect(statistic(values, 3)).toEqual(statistic(values, 3));
    expect(statistic(values, 3)).not.toEqual(statistic(values, 4));
  });

  it('says of equal images that they have no mean', () => {
    expect(statistic([30, Infinity], 0)).toEqual({
      mean: null,
      deviation: null,
      low: null,
      high: null,
      n: 2,
    });
  });
});

it('takes the middle, or the mean of the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
