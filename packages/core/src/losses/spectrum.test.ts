import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { noise } from '../../testing/networks.ts';
import { l1 } from './l1.ts';
import { spectrumLoss } from './spectrum.ts';
import { slopeError } from './testing.ts';

beforeAll(useTrainingWasm);

const of = (difference: tf.Tensor4D) => spectrumLoss(difference, tf.zerosLike(difference)).dataSync()[0]!;

it('is what an orthonormal transform of the whole image says', () => {
  const even = tf.fill([2, 6, 10, 3], 0.3) as tf.Tensor4D;
  // All energy of a channel, 60 times 0.3 squared, is in one coefficient of 60.
  expect(of(even)).toBeCloseTo((Math.sqrt(60) * 0.3) / 60, 6);
  // One wave down and another across, in one of two images.
  const wave = (length: number, frequency: number) => (position: number) =>
    Math.cos((Math.PI * (2 * position + 1) * frequency) / (2 * length));
  const [down, across] = [wave(6, 2), wave(10, 7)];
  const pixels = Float32Array.from({ length: 120 }, (_, i) =>
    i < 60 ? down(Math.floor(i / 10)) * across(i % 10) : 0,
  );
  expect(of(tf.tensor4d(pixels, [2, 6, 10, 1]))).toBeCloseTo(Math.sqrt(60 / 4) / 120, 6);
});

it('is as large as an L1 of pixels where the difference is white', () => {
  const white = tf.randomNormal([4, 32, 48, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
  expect(of(white) / l1(white, tf.zerosLike(white)).dataSync()[0]!).toBeCloseTo(1, 1);
});

it('keeps no tensor, and tells both images', () => {
  const [a, b] = [5, 6].map((seed) => tf.randomNormal([2, 8, 12, 3], 0, 1, 'float32', seed)) as [
    tf.Tensor4D,
    tf.Tensor4D,
  ];
  const before = tf.memory().numTensors;
  const [towards, away] = tf.grads((a, b) => spectrumLoss(a as tf.Tensor4D, b as tf.Tensor4D))([a, b]);
  expect([...away!.dataSync()]).toEqual([...tf.neg(towards!).dataSync()]);
  expect(tf.memory().numTensors).toBe(before + 3);
});

it('has the slope of its value', () => {
  const target = tf.reshape(noise(8, 12), [8, 12, 3]) as tf.Tensor3D;
  const value = (x: tf.Tensor3D) =>
    spectrumLoss(tf.expandDims(x, 0) as tf.Tensor4D, tf.expandDims(target, 0) as tf.Tensor4D);
  expect(slopeError(value, tf.sin(tf.mul(target, 40)), 1e-3)).toBeLessThan(0.02);
});
