import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { mscnWindow } from '../metrics/mscn.ts';
import { Random } from '../random.ts';
import { contrastNormalised, edgeStatistics, naturalStatistics } from './feature-statistics.ts';
import { slopeError } from './testing.ts';

beforeAll(useTrainingWasm);

const [height, width, channels] = [16, 24, 3];
const shape: [number, number, number, number] = [2, height, width, channels];
type At = (n: number, y: number, x: number, c: number) => number;

/** Channels of different level and contrast, one of them partly flat. */
function features(seed: number): tf.Tensor4D {
  const random = new Random(seed);
  return tf.tensor4d(
    Float32Array.from({ length: 2 * height * width * channels }, (_, i) => {
      const [channel, x] = [i % channels, Math.floor(i / channels) % width];
      return channel === 2 && x < 12 ? 5 : 2 * channel + (1 + channel) * random.normal();
    }),
    shape,
  );
}

function reader(x: tf.Tensor4D): At {
  const [, h, w, c] = x.shape;
  const values = x.dataSync();
  return (n, y, x, channel) => values[((n * h + y) * w + x) * c + channel]!;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const positions = Array.from(
  { length: height * width },
  (_, i) => [Math.floor(i / width), i % width] as const,
);

describe('contrastNormalised', () => {
  it('normalises by the neighbourhood, in units of the image', () => {
    const x = features(1);
    const at = reader(x);
    const found = reader(contrastNormalised(x));
    const all = positions.flatMap(([y, x]) => [0, 1, 2].map((c) => at(1, y, x, c)));
    const level = [0, 1, 2].map((c) => mean(positions.map(([y, x]) => at(1, y, x, c))));
    const within = mean(all.map((value, i) => (value - level[i % 3]!) ** 2));
    const spread = Math.sqrt(within + 1e-4 * mean(all.map((value) => value ** 2)));
    const window = (y: number, x: number, c: number, power: number) => {
      let sum = 0;
      for (const [i, down] of mscnWindow.entries())
        for (const [j, across] of mscnWindow.entries()) {
          const [row, column] = [y + i - 3, x + j - 3];
          if (row < 0 || column < 0 || row >= height || column >= width) continue;
          sum += down * across * ((at(1, row, column, c) - level[c]!) / spread) ** power;
        }
      return sum;
    };
    for (const [y, x] of [
      [0, 0],
      [7, 12],
      [8, 11],
      [15, 20],
    ] as const)
      for (const c of [0, 1, 2]) {
        const local = window(y, x, c, 1);
        const deviation = Math.sqrt(Math.max(0, window(y, x, c, 2) - local ** 2) + 1e-4);
        const expected = ((at(1, y, x, c) - level[c]!) / spread - local) / (deviation + 0.02);
        expect(found(1, y, x, c)).toBeCloseTo(expected, 3);
      }
  });

  it('does not change with the scale of the features', () => {
    const x = features(2);
    const [plain, scaled] = [x, tf.mul(x, 1e-3)].map((y) => contrastNormalised(y as tf.Tensor4D).dataSync());
    for (const [i, value] of plain!.entries()) expect(Math.abs(scaled![i]! - value)).toBeLessThan(1e-3);
  });

  it('has the slopes of its values, but for those of the scale', () => {
    const weights = tf.randomNormal([1, 32, 36, 1], 0, 1, 'float32', 3);
    const random = new Random(4);
    const at = tf.tensor3d(
      Float32Array.from({ length: 32 * 36 }, () => random.normal()),
      [1, 32, 36],
    );
    const value = (x: tf.Tensor3D) =>
      tf.sum(tf.mul(contrastNormalised(tf.reshape(x, [1, 32, 36, 1])), weights)) as tf.Scalar;
    expect(slopeError(value, at, 1e-2)).toBeLessThan(3e-2);
  });
});

it('takes the natural statistics of each channel', () => {
  const x = features(5);
  const at = reader(x);
  const statistics = naturalStatistics(x);
  expect(statistics.shape).toEqual([2, 10, 1, channels]);
  const found = statistics.arraySync()[1]!;
  const value = (y: number, x: number) => at(1, y, x, 1);
  const inside = (y: number, x: number) => y >= 0 && x >= 0 && y < height && x < width;
  const beyond = (y: number, x: number) => (inside(y, x) ? value(y, x) : 0);
  const products = (dy: number, dx: number) =>
    positions.map(([y, x]) => value(y, x) * beyond(y + dy, x + dx));
  const shifts = [
    [0, 1],
    [1, 0],
    [1, 1],
    [-1, 1],
  ] as const;
  const expected = [
    mean(positions.map(([y, x]) => Math.abs(value(y, x)))),
    mean(positions.map(([y, x]) => value(y, x) ** 2)),
    ...shifts.flatMap(([dy, dx]) => [
      mean(products(dy, dx)),
      mean(products(dy, dx).map((product) => Math.max(0, product))),
    ]),
  ];
  for (const [i, statistic] of expected.entries()) expect(found[i]![0]![1]! / statistic).toBeCloseTo(1, 4);
});

it("takes the variance of each block and the deviation of its edges' segments", () => {
  const x = features(6);
  const at = reader(x);
  const { activity, edges } = edgeStatistics(x, 8);
  expect(activity.shape).toEqual([2, 2, 3, channels]);
  expect(edges.shape).toEqual([16, 3, 6, channels]);
  const variance = (values: number[]) =>
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1);
  const block = positions.filter(([y, x]) => y >= 8 && x >= 8 && x < 16).map(([y, x]) => at(1, y, x, 0));
  expect(activity.arraySync()[1]![1]![1]![0]).toBeCloseTo(variance(block), 4);
  const [top, bottom, left, right] = [3, 7, 11, 15].map((row) => edges.arraySync()[row]!);
  const segment = (y: number, x: number, down: number) =>
    Math.sqrt(variance([0, 1, 2].map((i) => at(1, y + i * down, x + i * (1 - down), 0))) + 1e-4);
  expect(top![1]![4]![0]).toBeCloseTo(segment(8, 12, 0), 4);
  expect(bottom![1]![4]![0]).toBeCloseTo(segment(15, 12, 0), 4);
  expect(left![1]![4]![0]).toBeCloseTo(segment(12, 8, 1), 4);
  expect(right![1]![4]![0]).toBeCloseTo(segment(12, 15, 1), 4);
});

it('cuts what fills no block, and takes a feature smaller than a block as one', () => {
  expect(edgeStatistics(tf.zeros([1, 6, 9, 2]), 4).activity.shape).toEqual([1, 1, 2, 2]);
  expect(edgeStatistics(tf.zeros([1, 2, 2, 2]), 4).activity.shape).toEqual([1, 1, 1, 2]);
});

const total = (normalised: tf.Tensor4D, seed: number): tf.Scalar => {
  const { activity, edges } = edgeStatistics(normalised, 4);
  const weighed = [naturalStatistics(normalised), activity, edges].map((statistic, i) =>
    tf.mean(tf.mul(statistic, tf.randomNormal(statistic.shape, 0, 1, 'float32', seed + i))),
  );
  return tf.addN(weighed) as tf.Scalar;
};

it('has the slopes of its statistics', () => {
  const random = new Random(8);
  const at = tf.tensor3d(
    Float32Array.from({ length: 8 * 12 * 2 }, () => random.normal()),
    [8, 12, 2],
  );
  const value = (x: tf.Tensor3D) => total(tf.reshape(x, [1, 8, 12, 2]), 1);
  expect(slopeError(value, at, 1e-2)).toBeLessThan(1e-2);
});

it.each([0, 7, -1e-3, 1e6])('is finite and flat where all features are %d', (level) => {
  const flat = tf.fill([1, 8, 8, 2], level) as tf.Tensor4D;
  expect([...contrastNormalised(flat).dataSync()].every((value) => Math.abs(value) < 0.1)).toBe(true);
  const slopes = tf.grad((x) => total(contrastNormalised(x as tf.Tensor4D), 1))(flat);
  expect([...slopes.dataSync()].every(Number.isFinite)).toBe(true);
});
