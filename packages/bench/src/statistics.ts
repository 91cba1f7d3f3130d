import { Random } from '@pellucid/core';
import { z } from 'zod';

const resamples = 2000;

/** What a set of figures, one an image, says about the mean. */
export const Statistic = z.strictObject({
  /** Null where a figure is infinite, as the PSNR of equal images is: JSON has no infinity. */
  mean: z.number().nullable(),
  /** The sample standard deviation over images, 0 for one image. */
  deviation: z.number().nullable(),
  /** The 95 % interval of the mean: 2.5th and 97.5th percentile of the bootstrap. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  n: z.int().positive(),
});
export type Statistic = z.infer<typeof Statistic>;

/**
 * Mean, standard deviation and the bootstrap's 95 % interval of the mean (Efron, "Bootstrap methods: another look at
 * the jackknife", 1979; percentile interval, 2000 resamples). The images are what is drawn again: the interval says how
 * far the figure depends on which photographs happen to be in the set.
 */
export function statistic(values: readonly number[], seed: number): Statistic {
  const n = values.length;
  if (!values.every(Number.isFinite)) return { mean: null, deviation: null, low: null, high: null, n };
  const mean = average(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const random = new Random(seed).fork('bootstrap');
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)]!;
    return sum / n;
  }).sort();
  return {
    mean,
    deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
    low: means[Math.floor(0.025 * resamples)]!,
    high: means[Math.ceil(0.975 * resamples) - 1]!,
    n,
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value; of an even number, the mean of the two in the middle. At least one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
