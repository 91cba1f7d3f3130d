import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { noise } from '../../testing/networks.ts';
import { slopeError } from './testing.ts';
import { haar, waveletLoss } from './wavelet.ts';

beforeAll(useTrainingWasm);

const side = 16;
const c = 0.3;
const zeros = () => tf.zeros([2, side, side, 3]) as tf.Tensor4D;
const image = (value: (x: number, y: number) => number, images = 2) =>
  tf.tensor4d(
    Float32Array.from({ length: images * side * side * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3) % (side * side);
      return value(pixel % side, Math.floor(pixel / side));
    }),
    [images, side, side, 3],
  );
const loss = (difference: tf.Tensor4D, options = {}) =>
  waveletLoss(difference, tf.zerosLike(difference), options).dataSync()[0];

describe('waveletLoss', () => {
  const sign = (n: number) => (n % 2 ? -c : c);
  it.each([
    ['the same everywhere', () => c, 2 * c],
    ['a checkerboard, in one band of three', (x: number, y: number) => sign(x + y), (2 * c) / 3],
    ['stripes, in one band of three', (x: number) => sign(x), (2 * c) / 3],
    ['one pixel', (x: number, y: number) => (x === 5 && y === 2 ? c : 0), (4 * c) / side ** 2],
  ])('of %s is what the transform says', (_, value, expected) => {
    expect(loss(image(value))).toBeCloseTo(expected, 5);
  });

  it('doubles with each level where nothing varies, and the details alone are blind to it', () => {
    for (const levels of [1, 2, 3, 4]) {
      expect(
        loss(
          image(() => c),
          { levels },
        ),
      ).toBeCloseTo(c * 2 ** levels, 5);
      expect(
        loss(
          image(() => c),
          { levels, bands: 'details' },
        ),
      ).toBeCloseTo(0, 6);
    }
  });

  it('sees the low band of every image of a batch', () => {
    const one = tf.concat([zeros(), image(() => c, 1)]) as tf.Tensor4D;
    expect(loss(one)).toBeCloseTo((2 * c) / 3, 5);
    const first = tf.concat([image(() => c, 1), zeros()]) as tf.Tensor4D;
    expect(loss(first)).toBeCloseTo((2 * c) / 3, 5);
  });

  it('takes sides that do not halve', () => {
    expect(loss(tf.fill([1, 5, 7, 3], c) as tf.Tensor4D)).toBeGreaterThan(c);
  });

  it.each([1, 3])('has the slope of its value at %i levels', (levels) => {
    const target = tf.reshape(noise(8, 12), [8, 12, 3]) as tf.Tensor3D;
    const of = (x: tf.Tensor3D) =>
      waveletLoss(tf.expandDims(x, 0) as tf.Tensor4D, tf.expandDims(target, 0) as tf.Tensor4D, { levels });
    const at = tf.add(target, tf.sin(tf.mul(target, 40))) as tf.Tensor3D;
    expect(slopeError(of, at, 1e-3)).toBeLessThan(0.02);
  });
});

it('haar keeps the energy, and leaves no tensor beside its bands', () => {
  const picture = noise(8, 12);
  const energy = (x: tf.Tensor) => tf.sum(tf.square(x)).dataSync()[0]!;
  const { low, details } = haar(picture);
  const bands = [low, ...details].reduce((sum, band) => sum + energy(band), 0);
  expect(bands / energy(picture)).toBeCloseTo(1, 5);
  const before = tf.memory().numTensors;
  waveletLoss(picture, picture).dispose();
  expect(tf.memory().numTensors).toBe(before);
});
