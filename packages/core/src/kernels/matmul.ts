/** Matrix products in the side module: the stock kernel takes ten times as long where a matrix is transposed. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

/** BatchMatMul; undefined for anything but floats and for batches that are repeated along some of their axes only. */
export function matMul(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
  const { transposeA, transposeB } = attrs;
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [batchA, batchB] = [tf.util.sizeFromShape(outerA), tf.util.sizeFromShape(outerB)];
  const batch = Math.max(batchA, batchB);
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  if ((batchA !== batch && batchA !== 1) || (batchB !== batch && batchB !== 1)) return undefined;
  const [rows, depth] = (transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2)) as [number, number];
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const outer = tf.backend_util.assertAndGetBroadcastShape(outerA, outerB);
  if (tf.util.sizeFromShape(outer) !== batch) return undefined;

  const c = backend.makeOutput([...outer, rows, columns], 'float32');
  withScratch(backend, side.matMulScratch(rows, depth, columns, transposeA), (scratch) => {
    side.matMul(
      ...addresses(backend, a, b, c),
      ...[batch, rows, depth, columns, batchA === 1 ? 0 : rows * depth, batchB === 1 ? 0 : depth * columns],
      ...[Number(transposeA), Number(transposeB), scratch],
    );
  });
  return c;
}
