/**
 * Slices of one axis, all of them at once, and their inverse, in the side module: the stock kernels copy value by value in
 * JavaScript.
 */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import type { SideExports } from './side-module.ts';

/** Slice; undefined where it cuts more than one axis, and for anything but floats. */
export function slice(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const x = inputs.x as tf.TensorInfo;
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size) as [
    number[],
    number[],
  ];
  const cut = x.shape.flatMap((length, axis) => (size[axis] === length ? [] : [axis]));
  const axis = cut[0];
  if (axis === undefined || cut.length > 1 || x.dtype !== 'float32') return undefined;
  const y = backend.makeOutput(size, 'float32');
  const { rows, inner } = around(x.shape, axis);
  const [from, to] = addresses(backend, x, y) as [number, number];
  const [width, count] = [x.shape[axis]! * inner, size[axis]! * inner];
  side.copyRows(from + 4 * begin[axis]! * inner, width, to, count, rows, count);
  return y;
}

/** Unpack, which the gradient of stacking is; undefined for anything but floats. */
export function unpack(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo[] | undefined {
  const value = inputs.value as tf.TensorInfo;
  const { shape, dtype } = value;
  if (dtype !== 'float32') return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis, shape)[0]!;
  const { rows, inner } = around(shape, axis);
  const length = shape[axis]!;
  return Array.from({ length }, (_, index) => {
    const y = backend.makeOutput(shape.toSpliced(axis, 1), 'float32');
    const [from, to] = addresses(backend, value, y) as [number, number];
    side.copyRows(from + 4 * index * inner, length * inner, to, inner, rows, inner);
    return y;
  });
}

/** Concat; undefined for anything but floats. */
export function concat(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const parts = inputs as tf.TensorInfo[];
  const shape = parts[0]!.shape;
  const axis = tf.util.parseAxisParam(attrs.axis, shape)[0]!;
  if (parts.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const lengths = parts.map((part) => part.shape[axis]!);
  const total = lengths.reduce((a, b) => a + b, 0);
  const y = backend.makeOutput(shape.with(axis, total), 'float32');
  const { rows, inner } = around(shape, axis);
  let to = addresses(backend, y)[0]!;
  for (const [i, part] of parts.entries()) {
    const count = lengths[i]! * inner;
    side.copyRows(addresses(backend, part)[0]!, count, to, total * inner, rows, count);
    to += 4 * count;
  }
  return y;
}

/** How many rows an axis is in, and how many values each of its entries has. */
function around(shape: number[], axis: number): { rows: number; inner: number } {
  return {
    rows: tf.util.sizeFromShape(shape.slice(0, axis)),
    inner: tf.util.sizeFromShape(shape.slice(axis + 1)),
  };
}
