import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { gate, gelu } from './index.ts';
import { builds, errorAgainstCpu, errorAgainstDifferences, noise, useBuild } from './testing.ts';

const random = new Random('gelu');

describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it.each([[13], [3, 5], [2, 7, 9, 8], [1, 33, 31, 3]])(
    'has the GELU of the cpu backend, for %j',
    (...shape) => {
      const [x, dy] = [noise(random, shape).map((value) => 7 * value), noise(random, shape)];
      const error = errorAgainstCpu(() => {
        const input = tf.tensor(x, shape);
        return [gelu(input), tf.grad(gelu)(input, tf.tensor(dy, shape))];
      });
      expect(error).toBeLessThan(1e-5);
    },
  );

  it('has a GELU that ends in 0 and in x', () => {
    const ends = tf.tidy(() => [...gelu(tf.tensor([-1e30, -40, -0, 0, 40, 1e30])).dataSync()]);
    expect(ends).toEqual([-0, -0, -0, 0, 40, Math.fround(1e30)].map((value) => expect.closeTo(value, 6)));
  });

  it.each([
    [1, 9, 11, 2],
    [2, 3, 5, 6],
    [1, 7, 5, 32],
    [2, 9, 4, 254],
  ])('has the gates of the cpu backend, and their gradients, for %j', (...shape) => {
    const half = shape.with(3, shape[3]! / 2);
    const [x, dy] = [noise(random, shape).map((value) => 5 * value), noise(random, half)];
    for (const curved of [false, true]) {
      const error = errorAgainstCpu(() => {
        const input = tf.tensor(x, shape) as tf.Tensor4D;
        const f = (x: tf.Tensor) => gate(x as tf.Tensor4D, curved);
        return [f(input), tf.grad(f)(input, tf.tensor(dy, half))];
      });
      expect(error, curved ? 'with GELU' : 'without').toBeLessThan(1e-5);
    }
  });

  it('agrees with finite differences', () => {
    const functions = {
      gelu: (x: tf.Tensor) => gelu(x),
      gate: (x: tf.Tensor) => gate(x as tf.Tensor4D, true),
    };
    for (const [name, f] of Object.entries(functions))
      expect(errorAgainstDifferences(random, [1, 2, 3, 24], f, 0.01), name).toBeLessThan(5e-3);
  });

  it('leaves no tensor behind', () => {
    const x = tf.ones([1, 2, 3, 8]);
    const step = () => tf.dispose(tf.grad((x) => gate(gelu(x) as tf.Tensor4D, true))(x));
    step();
    const { numTensors, numDataBuffers } = tf.memory();
    for (let i = 0; i < 5; i++) step();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    x.dispose();
  });
});
