import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { openEngine } from './index.ts';

/** What networks are made of, as functions of tensors with the given shapes. Odd sizes, and enough channels for SIMD. */
const conv =
  (stride: number | [number, number] = 1, pad: 'same' | 'valid' = 'same') =>
  (x: tf.Tensor, w: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
const depthwise = (stride: number) => (x: tf.Tensor, w: tf.Tensor) =>
  tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, 'same');
const cases: [string, (...inputs: tf.Tensor[]) => tf.Tensor, ...number[][]][] = [
  ['3x3', conv(), [2, 9, 7, 16], [3, 3, 16, 24]],
  ['3x3 to 3 channels', conv(), [1, 9, 7, 16], [3, 3, 16, 3]],
  ['3x3 without padding', conv(1, 'valid'), [2, 9, 7, 8], [3, 3, 8, 16]],
  ['3x3, stride 2', conv(2), [2, 9, 7, 16], [3, 3, 16, 16]],
  ['3x3, stride 2, even', conv(2), [2, 8, 6, 16], [3, 3, 16, 16]],
  ['3x3, stride 3 by 1', conv([3, 1]), [1, 10, 7, 8], [3, 3, 8, 8]],
  ['2x2, stride 2', conv(2, 'valid'), [2, 8, 6, 16], [2, 2, 16, 32]],
  ['1x1', conv(), [2, 5, 7, 16], [1, 1, 16, 24]],
  ['1x1, stride 2', conv(2), [2, 6, 8, 16], [1, 1, 16, 24]],
  ['depthwise 3x3', (x, w) => depthwise(1)(x!, w!), [2, 9, 7, 16], [3, 3, 16, 1]],
  ['depthwise 3x3, stride 2', (x, w) => depthwise(2)(x!, w!), [2, 9, 7, 16], [3, 3, 16, 1]],
  ['depthwise 3x3, two for each channel', (x, w) => depthwise(1)(x!, w!), [1, 9, 7, 8], [3, 3, 8, 2]],
  ['depth to space', (x) => tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'), [2, 3, 5, 16]],
  ['bias and ReLU', (x, b) => tf.relu(tf.add(x!, b!)), [2, 5, 7, 16], [16]],
  ['product and mean', (x, y) => tf.mul(x!, tf.mean(y!, [1, 2], true)), [2, 5, 7, 16], [2, 5, 7, 16]],
  ['matrix product', (x, y) => tf.matMul(x!, y!, false, true), [3, 9, 16], [3, 7, 16]],
  ['softmax', (x) => tf.softmax(x!), [4, 9, 16]],
];

/** The gradients of a random projection of what a case computes, to each of its inputs. */
async function gradientsOf([, compute, ...shapes]: (typeof cases)[number]): Promise<Float32Array[]> {
  const gradients = tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i + 1));
    const weigh = (y: tf.Tensor) => tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, 'float32', 9)));
    return tf.grads((...inputs) => weigh(compute(...inputs)))(inputs);
  });
  const values = await Promise.all(gradients.map((gradient) => gradient.data()));
  tf.dispose(gradients);
  return values as Float32Array[];
}

/** Largest difference over largest value. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0) / largest;
}

await openEngine('cpu');
const expected = await Promise.all(cases.map(gradientsOf));

for (const engine of ['wasm', 'node', 'webgpu']) {
  const missing = await openEngine(engine).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const backend = tf.getBackend();
  // A skipped suite says in its name what it misses.
  describe.skipIf(missing !== undefined)(`${engine} and cpu agree${missing ? ` (${missing})` : ''}`, () => {
    afterAll(() => void tf.setBackend('cpu'));
    it.each(cases.map((one, index) => ({ name: one[0], one, expected: expected[index]! })))(
      'on the gradients of $name',
      async ({ one, expected }) => {
        await tf.setBackend(backend);
        const actual = await gradientsOf(one);
        for (const [i, gradient] of actual.entries())
          expect(relativeError(gradient, expected[i]!), `input ${i}`).toBeLessThan(1e-4);
      },
      60_000,
    );
  });
}
