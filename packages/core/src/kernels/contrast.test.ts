import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { contrastNormalised, naturalStatistics } from '../losses/feature-statistics.ts';
import { Random } from '../random.ts';
import { builds, errorAgainstCpu, noise, useBuild } from './testing.ts';

/** Odd sizes, images smaller than the window, channels that fill no vector and channels that fill several. */
const shapes: [number, number, number, number][] = [
  [2, 9, 13, 5],
  [1, 2, 3, 4],
  [1, 1, 1, 1],
  [2, 8, 6, 24],
  [1, 17, 4, 35],
];

describe.each(builds.filter(([, file]) => file !== undefined))('%s', (_, file) => {
  it.each(shapes)('features of [%i, %i, %i, %i] and their slopes are those of the ops', async (...shape) => {
    await useBuild(file);
    const random = new Random(shape.join());
    const [x, dy] = [noise(random, shape), noise(random, shape)];
    const of = (f: (x: tf.Tensor4D) => tf.Tensor4D, dy: Float32Array) => () => {
      const features = tf.add<tf.Tensor4D>(tf.tensor4d(x, shape), 0.3);
      const value = f(features);
      return [value, tf.grad(f as never)(features, tf.tensor(dy.slice(0, value.size), value.shape))];
    };
    expect(errorAgainstCpu(of(contrastNormalised, dy))).toBeLessThan(2e-4);
    const summaries = noise(random, [shape[0], 10, 1, shape[3]]);
    expect(errorAgainstCpu(of(naturalStatistics, summaries))).toBeLessThan(1e-5);
  });
});
