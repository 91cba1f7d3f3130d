import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { blockMean } from './block-mean.ts';

beforeAll(useWasm);

it('is the mean of each square, channel by channel, of as many as are whole', () => {
  const values = Float32Array.from({ length: 2 * 5 * 7 * 3 }, (_, i) => (i * 37) % 101);
  const at = (image: number, y: number, x: number, channel: number) =>
    values[((image * 5 + y) * 7 + x) * 3 + channel]!;
  const means = blockMean(tf.tensor4d(values, [2, 5, 7, 3]), 2);
  expect(means.shape).toEqual([2, 2, 3, 3]);
  const square = [
    [2, 4],
    [2, 5],
    [3, 4],
    [3, 5],
  ] as const;
  const expected = square.reduce((sum, [y, x]) => sum + at(1, y, x, 2), 0) / 4;
  expect(means.arraySync()[1]![1]![2]![2]).toBeCloseTo(expected, 5);
});

it('has a slope of one share for each position of a square, and none elsewhere', () => {
  const slopes = tf.grad((x) => tf.sum(blockMean(x as tf.Tensor4D, 3)))(tf.zeros([1, 4, 3, 1]));
  for (const [index, slope] of slopes.dataSync().entries())
    expect(slope).toBeCloseTo(index < 9 ? 1 / 9 : 0, 6);
});
