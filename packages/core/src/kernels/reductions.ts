/** Sums, means and largest values over neighbouring axes, in the side module: the stock kernels transpose what they reduce. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import type { SideExports } from './side-module.ts';

/** Sum; undefined for any but those over neighbouring axes before the last, and for anything but floats. */
export const sum = (side: SideExports, call: KernelCall): tf.TensorInfo | undefined =>
  reduce(call, (from, to, groups, rows, inner) => side.sumRows(from, to, groups, rows, inner, 1));

/** Mean; undefined where `sum` is. */
export const mean = (side: SideExports, call: KernelCall): tf.TensorInfo | undefined =>
  reduce(call, (from, to, groups, rows, inner) => side.sumRows(from, to, groups, rows, inner, 1 / rows));

/** Max; undefined where `sum` is. */
export const max = (side: SideExports, call: KernelCall): tf.TensorInfo | undefined =>
  reduce(call, (from, to, groups, rows, inner) => side.maxRows(from, to, groups, rows, inner));

function reduce(
  { inputs, attrs, backend }: KernelCall,
  run: (from: number, to: number, groups: number, rows: number, inner: number) => void,
): tf.TensorInfo | undefined {
  const x = inputs.x as tf.TensorInfo;
  const axes = tf.util
    .parseAxisParam(attrs.axis ?? attrs.reductionIndices, x.shape)
    .toSorted((a, b) => a - b);
  const [first, last] = [axes[0], axes.at(-1)];
  if (first === undefined || last === undefined || last - first !== axes.length - 1) return undefined;
  if (last === x.shape.length - 1 || x.dtype !== 'float32' || x.shape.includes(0)) return undefined;
  const [outer, inside, inner] = [
    x.shape.slice(0, first),
    x.shape.slice(first, last + 1),
    x.shape.slice(last + 1),
  ];
  const kept = attrs.keepDims ? inside.map(() => 1) : [];
  const y = backend.makeOutput([...outer, ...kept, ...inner], 'float32');
  const [from, to] = addresses(backend, x, y) as [number, number];
  const [groups, rows, count] = [outer, inside, inner].map(tf.util.sizeFromShape) as [number, number, number];
  run(from, to, groups, rows, count);
  return y;
}
