import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { Random } from '../random.ts';

const random = new Random('matmul');
const noise = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform(-1, 1)),
    shape,
  );
const turned = (shape: number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

it.each([
  { a: [5, 7], b: [7, 3] },
  { a: [1, 300, 48], b: [1, 48, 50] },
  { a: [6, 33, 5], b: [6, 5, 9] },
  { a: [2, 3, 64, 21], b: [2, 3, 21, 64] },
  { a: [4, 8, 8], b: [1, 8, 8] },
])('multiplies $a by $b as the cpu backend does, transposed or not', async ({ a, b }) => {
  for (const [transposeA, transposeB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    await tf.setBackend('cpu');
    const x = noise(transposeA ? turned(a) : a);
    const y = noise(transposeB ? turned(b) : b);
    const expected = tf.matMul(x, y, transposeA, transposeB);
    await useTrainingWasm();
    const actual = tf.matMul(x, y, transposeA, transposeB);
    expect(actual.shape).toEqual(expected.shape);
    expect((await tf.max(tf.abs(tf.sub(actual, expected))).data())[0]).toBeLessThan(1e-5);
  }
});
