import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { builds, errorAgainstCpu, noise, useBuild } from './testing.ts';

const random = new Random('reductions');

describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it('reduces as the cpu backend does', () => {
    const shape = [2, 9, 15, 7];
    const x = noise(random, shape).map((value) => value + 0.5);
    for (const axes of [[0], [1], [2], [3], [1, 2], [2, 1], [0, 1, 2], [0, 2], [-2], [0, 1, 2, 3]])
      for (const reduce of [tf.sum, tf.mean, tf.max])
        for (const keepDims of [false, true]) {
          const error = errorAgainstCpu(() => [reduce(tf.tensor(x, shape), axes, keepDims)]);
          expect(error, `${reduce.name} ${axes}`).toBeLessThan(1e-5);
          const reduced = tf.tidy(() => reduce(tf.tensor(x, shape), axes, keepDims).shape);
          const kept = shape.map((length, axis) =>
            axes.includes(axis) || axes.includes(axis - 4) ? 1 : length,
          );
          const left = kept.filter((_, axis) => !axes.includes(axis) && !axes.includes(axis - 4));
          expect(reduced).toEqual(keepDims ? kept : left);
        }
  });

  it('reduces more rows than it sums at a time', () => {
    const x = noise(random, [3, 300, 33]).map((value) => value + 0.5);
    const error = errorAgainstCpu(() => {
      const tensor = tf.tensor(x, [3, 300, 33]);
      return [tf.sum(tensor, 1), tf.mean(tensor, 1), tf.max(tensor, 1)];
    });
    expect(error).toBeLessThan(1e-5);
  });

  it('leaves whole numbers to the stock kernels', () => {
    const sums = tf.tidy(() => tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0).arraySync());
    expect(sums).toEqual([4, 6]);
  });
});
