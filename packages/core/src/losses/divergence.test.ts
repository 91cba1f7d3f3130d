import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { Random } from '../random.ts';
import { positionDivergence } from './divergence.ts';
import { slopeError } from './testing.ts';

beforeAll(useWasm);

const shape: [number, number, number, number] = [2, 3, 4, 3];
const random = new Random(1);
const image = () =>
  tf.tensor4d(
    Float32Array.from({ length: 72 }, () => random.next()),
    shape,
  );

it('is the divergence of the softmaxes over positions', () => {
  const [one, other] = [image(), image()];
  const softmax = (values: number[]) => {
    const powers = values.map((value) => Math.exp(value / 0.25));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  };
  const channel = (x: tf.Tensor4D, n: number, c: number) =>
    softmax(x.arraySync()[n]!.flatMap((row) => row.map((pixel) => pixel[c]!)));
  let expected = 0;
  for (const n of [0, 1])
    for (const c of [0, 1, 2]) {
      const [p, q] = [channel(other, n, c), channel(one, n, c)];
      expected += p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]!), 0) / 6;
    }
  expect(positionDivergence(one, other, 0.25).dataSync()[0]).toBeCloseTo(expected, 5);
  expect(positionDivergence(one, tf.add(one, 0.3), 0.25).dataSync()[0]).toBeCloseTo(0, 6);
});

it('has the slopes of its values', () => {
  const reference = image();
  const value = (x: tf.Tensor3D) => positionDivergence(tf.reshape(x, shape), reference, 0.25);
  expect(slopeError(value, tf.reshape(image(), [2, 12, 3]), 1e-2)).toBeLessThan(1e-2);
});
