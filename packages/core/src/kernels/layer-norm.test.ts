import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { layerNorm } from './index.ts';
import { builds, errorAgainstCpu, errorAgainstDifferences, noise, useBuild } from './testing.ts';

describe.each(builds)('%s', (_, file) => {
  const random = new Random('layer-norm');
  beforeAll(() => useBuild(file));

  it.each([
    [5, 1],
    [2, 3, 3, 2],
    [1, 7, 5, 3],
    [2, 9, 11, 32],
    [1, 4, 5, 33],
    [8, 3, 3, 130],
  ])('normalises layers of %j as the cpu backend does, and their gradients', (...shape) => {
    const channels = [shape.at(-1)!];
    for (const offset of [noise(random, channels), undefined]) {
      // Of one sign, so that sums over few rows do not cancel.
      const [x, scale, dy] = [shape, channels, shape].map((one) =>
        noise(random, one).map((value) => value + 1),
      );
      const error = errorAgainstCpu(() => {
        const inputs = [tf.tensor(x!, shape), tf.tensor(scale!, channels)];
        if (offset) inputs.push(tf.tensor(offset, channels));
        const f = (x: tf.Tensor, scale: tf.Tensor, offset?: tf.Tensor) => layerNorm(x, scale, offset, 1e-3);
        return [
          f(...(inputs as [tf.Tensor, tf.Tensor])),
          ...tf.grads(f as (...args: tf.Tensor[]) => tf.Tensor)(inputs, tf.tensor(dy!, shape)),
        ];
      });
      expect(error, offset ? 'centred' : 'not centred').toBeLessThan(1e-5);
    }
  });

  it('keeps the digits of values far from zero', () => {
    const x = noise(random, [4, 64]).map((value) => 1000 + value);
    const ones = new Float32Array(64).fill(1);
    const error = errorAgainstCpu(() => [
      layerNorm(tf.tensor(x, [4, 64]), tf.tensor(ones), tf.tensor(ones), 1e-6),
    ]);
    expect(error).toBeLessThan(2e-3); // a 24-bit mean near 1000 is off by 1e-4 of the deviation
  });

  it('agrees with finite differences', () => {
    const [scale, offset] = [tf.tensor(noise(random, [24])), tf.tensor(noise(random, [24]))];
    const functions = {
      'centred, x': (x: tf.Tensor) => layerNorm(x, scale, offset, 1e-3),
      'not centred, x': (x: tf.Tensor) => layerNorm(x, scale, undefined, 1e-3),
    };
    for (const [name, f] of Object.entries(functions))
      expect(errorAgainstDifferences(random, [6, 24], f, 0.01), name).toBeLessThan(5e-3);
    tf.dispose([scale, offset]);
  });

  it('leaves no tensor behind', () => {
    const [x, scale, offset] = [tf.ones([2, 3, 8]), tf.ones([8]), tf.zeros([8])];
    const step = () =>
      tf.dispose(tf.grads((x, scale, offset) => layerNorm(x, scale, offset, 1e-6))([x, scale, offset]));
    step();
    const { numTensors, numDataBuffers } = tf.memory();
    for (let i = 0; i < 5; i++) step();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    tf.dispose([x, scale, offset]);
  });
});
