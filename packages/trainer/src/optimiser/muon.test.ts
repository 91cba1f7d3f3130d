import { Random } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { type Matrix, orthogonalised } from './muon.ts';

beforeAll(async () => void (await openEngine('wasm')));

function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  const random = new Random(seed);
  return { values: Float32Array.from({ length: rows * columns }, () => random.normal()), rows, columns };
}

function transposed({ values, rows, columns }: Matrix): Matrix {
  const turned = values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!);
  return { values: turned, rows: columns, columns: rows };
}

test('keeps the directions, and makes all about equally strong, however weak they were', async () => {
  // Singular values 3, 0.5 and 0.02, along two of four axes turned by 0.6 and the third as it is.
  const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
  const values = Float32Array.of(3 * c, -0.5 * s, 0, 3 * s, 0.5 * c, 0, 0, 0, 0, 0, 0, 0.02);
  const [x] = await orthogonalised([{ values, rows: 4, columns: 3 }]);
  const first = x![0]! / c;
  const second = x![4]! / c;
  const third = x![11]!;
  for (const strength of [first, second, third]) {
    expect(strength).toBeGreaterThan(0.65);
    expect(strength).toBeLessThan(1.25);
  }
  const expected = [first * c, -second * s, 0, first * s, second * c, 0, 0, 0, 0, 0, 0, third];
  for (const [index, value] of expected.entries()) expect(x![index]).toBeCloseTo(value, 4);
});

test('the strength is what the polynomial makes of it, five times', async () => {
  const [x] = await orthogonalised([{ values: Float32Array.of(0.3, 0, 0, 0.4), rows: 2, columns: 2 }]);
  const iterated = [0.6, 0.8].map((value) => {
    for (let i = 0; i < 5; i++) value = 3.4445 * value - 4.775 * value ** 3 + 2.0315 * value ** 5;
    return value;
  });
  expect(x![0]).toBeCloseTo(iterated[0]!, 4);
  expect(x![3]).toBeCloseTo(iterated[1]!, 4);
});

test('of several matrices gives each what it gives it alone, wide or tall, and keeps no tensor', async () => {
  const matrices = [
    randomMatrix(18, 8, 1),
    randomMatrix(8, 40, 2),
    randomMatrix(27, 5, 3),
    randomMatrix(9, 8, 4),
  ];
  const before = tf.memory().numTensors;
  const together = await orthogonalised(matrices);
  expect(tf.memory().numTensors).toBe(before);
  for (const [index, matrix] of matrices.entries()) {
    const [alone] = await orthogonalised([matrix]);
    const [turned] = await orthogonalised([transposed(matrix)]);
    const back = transposed({ values: turned!, rows: matrix.columns, columns: matrix.rows }).values;
    for (const [at, value] of together[index]!.entries()) {
      expect(value).toBeCloseTo(alone![at]!, 5);
      expect(value).toBeCloseTo(back[at]!, 4);
    }
  }
});

test('a kernel without a gradient stays where it is', async () => {
  const [still] = await orthogonalised([{ values: new Float32Array(6), rows: 3, columns: 2 }]);
  expect(still).toEqual(new Float32Array(6));
});
