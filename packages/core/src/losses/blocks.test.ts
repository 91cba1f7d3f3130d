import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { congruentialPicture } from '../../testing/images.ts';
import { greyPlane } from '../metrics/grey.ts';
import { mscn } from '../metrics/mscn.ts';
import { Random } from '../random.ts';
import { blockVariance, edgeSegmentDeviation } from './blocks.ts';
import { slopeError } from './testing.ts';

beforeAll(useWasm);

const [width, height] = [80, 64];
const map = mscn(greyPlane(congruentialPicture(), 'test', 1), width, height, 'replicate');
const tensor = () => tf.tensor3d(Float32Array.from(map), [1, height, width]);

function variance(values: number[]): number {
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

const valueAt = (x: number, y: number) => map[y * width + x]!;

it('is the sample variance of each block', () => {
  const variances = blockVariance(tensor()).arraySync()[0]!;
  expect([variances.length, variances[0]!.length]).toEqual([4, 5]);
  for (const [row, column] of [
    [0, 0],
    [3, 4],
    [2, 1],
  ] as const) {
    const values = Array.from({ length: 256 }, (_, i) =>
      valueAt(16 * column + (i % 16), 16 * row + (i >> 4)),
    );
    expect(variances[row]![column]).toBeCloseTo(variance(values), 5);
  }
});

it("is the sample deviation of each segment of a block's edges", () => {
  const deviations = edgeSegmentDeviation(tensor()).arraySync()[0]!;
  expect(deviations[2]![3]).toHaveLength(44);
  const [left, top] = [48, 32];
  const line = (x: number, y: number, dx: 0 | 1) =>
    Array.from({ length: 6 }, (_, k) => valueAt(x + k * dx, y + k * (1 - dx)));
  for (const [index, segment] of [
    [0, line(left, top, 1)],
    [10, line(left + 10, top, 1)],
    [11 + 4, line(left + 4, top + 15, 1)],
    [22 + 7, line(left, top + 7, 0)],
    [33 + 10, line(left + 15, top + 10, 0)],
  ] as const) {
    expect(deviations[2]![3]![index]).toBeCloseTo(Math.sqrt(variance(segment)), 5);
  }
});

it('has the slopes of its values, finite where the map is flat', () => {
  const random = new Random(1);
  const small = tf.tensor3d(
    Float32Array.from({ length: 512 }, () => random.normal()),
    [1, 16, 32],
  );
  const [one, other] = [tf.tensor3d([[[0.3, -1]]]), tf.randomNormal([1, 1, 2, 44], 0, 1, 'float32', 3)];
  const value = (x: tf.Tensor3D) =>
    tf.add(
      tf.sum(tf.mul(blockVariance(x), one)),
      tf.sum(tf.mul(edgeSegmentDeviation(x), other)),
    ) as tf.Scalar;
  expect(slopeError(value, small, 1e-2)).toBeLessThan(1e-2);
  const slopes = tf.grad((x) => value(x as tf.Tensor3D))(tf.zeros([1, 16, 32]));
  expect([...slopes.dataSync()].every(Number.isFinite)).toBe(true);
});

it('refuses what is not made of whole blocks', () => {
  for (const statistic of [blockVariance, edgeSegmentDeviation]) {
    expect(() => statistic(tf.zeros([1, 16, 24]))).toThrow(
      expect.objectContaining({ name: 'PellucidError', code: 'loss/blocks' }),
    );
  }
});
