import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { gelu, layerNorm, supportsRelaxedSimd } from './index.ts';
import { noise, useBuild } from './testing.ts';

/** The values and both gradients of a kernel, of the same inputs whenever it is called. */
function outputs(shapes: number[][], run: (...inputs: tf.Tensor[]) => tf.Tensor): Float32Array {
  return tf.tidy(() => {
    const random = new Random('joined');
    const inputs = shapes.map((shape) => tf.tensor(noise(random, shape), shape));
    const y = run(...inputs);
    const dy = tf.tensor(noise(random, y.shape), y.shape);
    const all = [y, ...tf.grads(run)(inputs, dy)].map((tensor) => tf.reshape(tensor, [-1]));
    return tf.concat(all).dataSync() as Float32Array;
  });
}

const convolution = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
const depthwise = (x: tf.Tensor, w: tf.Tensor) =>
  tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');

describe.runIf(supportsRelaxedSimd())('joined vectors hold, bit for bit, what two would', () => {
  it.each<[string, number[][], (...inputs: tf.Tensor[]) => tf.Tensor]>([
    [
      '3x3 convolution, 3 to 8 channels',
      [
        [2, 9, 14, 3],
        [3, 3, 3, 8],
      ],
      convolution,
    ],
    [
      '3x3 convolution, 40 to 24 channels',
      [
        [2, 19, 33, 40],
        [3, 3, 40, 24],
      ],
      convolution,
    ],
    [
      '3x3 convolution, 12 to 20 channels',
      [
        [1, 16, 17, 12],
        [3, 3, 12, 20],
      ],
      convolution,
    ],
    [
      '1x1 convolution, 32 to 36 channels',
      [
        [2, 9, 11, 32],
        [1, 1, 32, 36],
      ],
      convolution,
    ],
    [
      '5x5 convolution, 8 to 16 channels',
      [
        [1, 9, 11, 8],
        [5, 5, 8, 16],
      ],
      convolution,
    ],
    [
      '3x3 depthwise convolution',
      [
        [2, 9, 11, 24],
        [3, 3, 24, 1],
      ],
      depthwise,
    ],
    [
      'matrix product',
      [
        [3, 37, 24],
        [3, 24, 40],
      ],
      (a, b) => tf.matMul(a, b),
    ],
    [
      'transposed matrix product',
      [
        [3, 37, 24],
        [3, 37, 40],
      ],
      (a, b) => tf.matMul(a, b, true),
    ],
    ['layer norm', [[2, 9, 11, 24], [24], [24]], (x, scale, offset) => layerNorm(x, scale!, offset, 1e-6)],
    ['GELU', [[2, 9, 11, 24]], (x) => gelu(x)],
  ])('%s', async (_, shapes, run) => {
    await useBuild('conv-relaxed.wasm');
    const expected = outputs(shapes, run);
    await useBuild('conv-joined.wasm');
    expect(outputs(shapes, run)).toEqual(expected);
  });
});
