import * as tf from '@tensorflow/tfjs-core';

/** Of a matrix [rows, columns], row by row. */
export interface Matrix {
  values: Float32Array;
  rows: number;
  columns: number;
}

const ITERATIONS = 5;
/** Of a singular value s, an iteration makes LINEAR s + CUBIC s^3 + QUINTIC s^5. */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315] as const;

/**
 * Of each matrix M = U S V', about U V': the same directions, all about equally strong.
 *
 * The Newton-Schulz iteration of Muon (Jordan et al. 2024), by which singular values from 0.002 of the whole
 * matrix's norm on come to lie between 0.68 and 1.21 in five steps. It works on X'X rather than on X: of a 3x3 kernel, whose
 * rows are nine times its columns, that is 36/95 of the multiplications. What rounding costs, the small values' squares,
 * matters little, since the first steps multiply them by the same constant whatever they are.
 */
export async function orthogonalised(matrices: readonly Matrix[]): Promise<Float32Array[]> {
  const answer = tf.tidy(() => {
    // Columns as few as may be, and the Gram matrices of one size in one batch: small products cost their calls.
    const tall = matrices.map(({ values, rows, columns }) => {
      const matrix = tf.tensor2d(values, [rows, columns]);
      return rows < columns ? tf.transpose(matrix) : matrix;
    });
    const factors = inBatches(tall, (batch) =>
      inverseRoots(tf.stack(batch.map((x) => tf.matMul(x, x, true, false))) as tf.Tensor3D),
    );
    const products = tall.map((x, index) => {
      const { rows, columns } = matrices[index]!;
      const product = tf.matMul(x, factors[index]!);
      return tf.reshape(rows < columns ? tf.transpose(product) : product, [-1]);
    });
    return tf.concat(products);
  });
  const values = (await answer.data()) as Float32Array;
  answer.dispose();
  let end = 0;
  return matrices.map(({ values: { length } }) => {
    end += length;
    return values.subarray(end - length, end);
  });
}

/** What `each` makes of the matrices of one number of columns, in the order of all. */
function inBatches(all: tf.Tensor2D[], each: (batch: tf.Tensor2D[]) => tf.Tensor3D): tf.Tensor2D[] {
  const made = new Map<tf.Tensor2D, tf.Tensor2D>();
  for (const batch of Map.groupBy(all, (x) => x.shape[1]).values()) {
    const results = tf.unstack(each(batch)) as tf.Tensor2D[];
    for (const [index, x] of batch.entries()) made.set(x, results[index]!);
  }
  return all.map((x) => made.get(x)!);
}

/** About G^(-1/2) of each symmetric matrix of a batch [count, n, n]; zero for zero. */
function inverseRoots(gram: tf.Tensor3D): tf.Tensor3D {
  const identity = tf.expandDims(tf.eye(gram.shape[2]), 0);
  // By the norm of the whole matrix no singular value is above 1, where the iteration would diverge.
  const squared = tf.add(tf.sum(tf.mul(gram, identity), [1, 2], true), 1e-30);
  let g = tf.div(gram, squared) as tf.Tensor3D;
  let root = tf.div(identity, tf.sqrt(squared)) as tf.Tensor3D;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const higher = tf.add(tf.mul(g, CUBIC), tf.mul(tf.matMul(g, g), QUINTIC));
    const factor = tf.add(higher, tf.mul(identity, LINEAR)) as tf.Tensor3D;
    root = tf.matMul(root, factor);
    if (iteration < ITERATIONS - 1) g = tf.matMul(tf.matMul(g, factor), factor);
  }
  return root;
}
