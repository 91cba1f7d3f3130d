import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { noise } from '../../testing/networks.ts';
import { dctLoss } from './dct.ts';
import { slopeError } from './testing.ts';

beforeAll(useTrainingWasm);

const of = (difference: tf.Tensor4D) => dctLoss(difference, tf.zerosLike(difference)).dataSync()[0];

it('is what an orthonormal transform says', () => {
  const even = tf.fill([2, 8, 16, 3], 0.3) as tf.Tensor4D;
  // One coefficient of 64, eight times the value.
  expect(of(even)).toBeCloseTo((8 * 0.3) / 64, 6);
  const cosine = tf.tensor4d(
    Float32Array.from({ length: 64 }, (_, i) => Math.cos((Math.PI * (2 * (i % 8) + 1) * 3) / 16)),
    [1, 8, 8, 1],
  );
  // Energy 32, all of it in one coefficient.
  expect(of(cosine)).toBeCloseTo(Math.sqrt(32) / 64, 5);
});

it('has the slope of its value', () => {
  const target = tf.reshape(noise(8, 16), [8, 16, 3]) as tf.Tensor3D;
  const value = (x: tf.Tensor3D) =>
    dctLoss(tf.expandDims(x, 0) as tf.Tensor4D, tf.expandDims(target, 0) as tf.Tensor4D);
  expect(slopeError(value, tf.sin(tf.mul(target, 40)), 1e-3)).toBeLessThan(0.02);
});
