import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { builds, errorAgainstCpu, noise, useBuild } from './testing.ts';

const random = new Random('slices');

describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it('slices as the cpu backend does', () => {
    const shape = [2, 5, 7, 9];
    const x = noise(random, shape);
    for (const [begin, size] of [
      [
        [0, 0, 0, 3],
        [-1, -1, -1, 5],
      ],
      [
        [0, 0, 0, 8],
        [2, 5, 7, 1],
      ],
      [
        [0, 0, 2, 0],
        [-1, -1, 4, -1],
      ],
      [
        [0, 1, 0, 0],
        [-1, 3, -1, -1],
      ],
      [
        [1, 0, 0, 0],
        [1, -1, -1, -1],
      ],
      [
        [0, 1, 2, 3],
        [2, 3, 4, 5],
      ],
      [
        [0, 0, 0, 0],
        [-1, -1, -1, -1],
      ],
      [
        [0, 0, 0, 2],
        [-1, -1, -1, 0],
      ],
    ] as const)
      expect(errorAgainstCpu(() => [tf.slice(tf.tensor(x, shape), [...begin], [...size])])).toBe(0);
    expect(
      tf.tidy(() => tf.slice(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), [0, 1], [2, 1]).arraySync()),
    ).toEqual([[2], [4]]);
  });

  it('concatenates as the cpu backend does', () => {
    for (const axis of [0, 1, 2, 3, -1]) {
      const shapes = [1, 4, 3].map((length) => [2, 3, 5, 6].with(axis, length));
      const values = shapes.map((shape) => noise(random, shape));
      const error = errorAgainstCpu(() => [
        tf.concat(
          shapes.map((shape, i) => tf.tensor(values[i]!, shape)),
          axis,
        ),
      ]);
      expect(error, `axis ${axis}`).toBe(0);
    }
    const flags = tf.tidy(() =>
      tf.concat([tf.tensor1d([true], 'bool'), tf.tensor1d([false], 'bool')]).dataSync(),
    );
    expect([...flags]).toEqual([1, 0]);
  });

  it('unpacks as the cpu backend does', () => {
    const shape = [2, 3, 5, 4, 3];
    const x = noise(random, shape);
    for (const axis of [0, 1, 3, 4, -1])
      expect(
        errorAgainstCpu(() => tf.unstack(tf.tensor(x, shape), axis)),
        `axis ${axis}`,
      ).toBe(0);
    const [first] = tf.tidy(() => tf.unstack(tf.tensor1d([1, 2], 'int32')).map((part) => part.arraySync()));
    expect(first).toBe(1);
  });

  it('adds up what a gather took more than once', () => {
    const [x, dy] = [noise(random, [4, 3]), noise(random, [6, 3])];
    const error = errorAgainstCpu(() => {
      const rows = tf.tensor1d([3, 0, 3, 3, 1, 0], 'int32');
      return [tf.grad((x) => tf.gather(x, rows))(tf.tensor(x, [4, 3]), tf.tensor(dy, [6, 3]))];
    });
    expect(error).toBeLessThan(1e-6);
  });
});
