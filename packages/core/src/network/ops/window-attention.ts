import * as tf from '@tensorflow/tfjs-core';
import { windowAttention as fused } from '../../kernels/window-attention.ts';
import { dctMatrix } from './dct.ts';
import { type NodeBase, type Op, windowed } from './op.ts';
import { fromWindows, toWindows } from './windows.ts';

/**
 * Multi-head attention among the positions of each aligned window, with a trained bias for each relative position
 * (Liu et al. 2021, equation 4). It reads queries, keys and values side by side, 3 x channels, each head's together.
 */
export interface WindowAttention extends NodeBase {
  op: 'window-attention';
  /** Its weight is `<name>.relative_position_bias_table` [(2 window - 1)^2, heads]. */
  name: string;
  window: number;
  heads: number;
  /** By how much the feature was cyclically shifted: positions that are no neighbours ignore each other. 0: not. */
  shift: number;
  /** What stands at a window's positions: values, or the coefficients of the window's DCT (MTKD's DCTSwin). */
  tokens: 'positions' | 'frequencies';
}

export const windowAttention: Op<WindowAttention> = {
  weights: ({ name, window, heads }) => [
    {
      name: `${name}.relative_position_bias_table`,
      shape: [(2 * window - 1) ** 2, heads],
      layout: 'vector',
      deviation: 0.02,
    },
  ],
  macs: ({ window, channels }) => 2 * window * window * channels,
  demand: windowed,
  // The regions.
  scratch: (node, positions) => (isMasked(node) ? 4 * positions : 0),
  run(node, [qkv], weights) {
    const { name, window } = node;
    const [, h, w] = qkv!.shape;
    return tf.tidy(() => {
      const table = weights[`${name}.relative_position_bias_table`]!;
      const regions = isMasked(node) ? regionsOf(h, w, node) : undefined;
      return fused(qkv!, table, regions, window) ?? composed(node, qkv!, table, regions);
    });
  },
};

/** The same as the fused kernel, of stock ops. */
function composed(
  { window, heads, channels }: WindowAttention,
  qkv: tf.Tensor4D,
  table: tf.Tensor,
  regions: tf.Tensor2D | undefined,
): tf.Tensor4D {
  const [n, h, w] = qkv.shape;
  const size = window * window;
  // Each step in a tidy of its own, so that it frees what the step before has made.
  const part = (index: number) =>
    tf.tidy(() => {
      const sliced = tf.slice(qkv, [0, 0, 0, index * channels], [-1, -1, -1, channels]);
      const tokens = tf.reshape(toWindows(sliced, window), [-1, size, heads, channels / heads]);
      return tf.transpose(tokens, [0, 2, 1, 3]);
    });
  const query = () => tf.tidy(() => tf.mul(part(0), (channels / heads) ** -0.5));
  const products = () => tf.tidy(() => tf.matMul(query(), part(1), false, true));
  const logits = () => tf.tidy(() => tf.add(products(), relativeBias(table, window, heads)));
  const masked = (regions: tf.Tensor2D) =>
    tf.tidy(() => {
      const windows = (h * w) / size;
      const byWindow = tf.reshape(logits(), [n, windows, heads, size * size]);
      const sum = tf.add(byWindow, tf.reshape(mask(regions), [1, windows, 1, size * size]));
      return tf.reshape(sum, [n * windows, heads, size, size]);
    });
  const attention = () => tf.tidy(() => tf.softmax(regions ? masked(regions) : logits()));
  const mixed = tf.tidy(() => tf.matMul(attention(), part(2)));
  const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, size, channels]) as tf.Tensor3D;
  return fromWindows(merged, window, [n, h, w]);
}

const isMasked = ({ shift, tokens }: Pick<WindowAttention, 'shift' | 'tokens'>): boolean =>
  shift > 0 || tokens === 'frequencies';

/** Where in the bias table each pair of a window's positions, query by key, finds its relative position. */
export function relativePositions(window: number): Int32Array {
  const size = window * window;
  return Int32Array.from({ length: size * size }, (_, pair) => {
    const [query, key] = [Math.floor(pair / size), pair % size];
    const rows = Math.floor(query / window) - Math.floor(key / window) + window - 1;
    const columns = (query % window) - (key % window) + window - 1;
    return rows * (2 * window - 1) + columns;
  });
}

/** The table's entry for each pair of positions in a window: [1, heads, window^2, window^2]. */
function relativeBias(table: tf.Tensor, window: number, heads: number): tf.Tensor4D {
  const size = window * window;
  const index = relativePositions(window);
  // A gather whose gradient is a product with the one-hot matrix: the stock one lacks a kernel on the wasm backend.
  const gather = tf.customGrad((table, save) => {
    const indices = tf.tensor1d(index, 'int32');
    (save as unknown as tf.GradSaveFunc)([indices]);
    return {
      value: tf.gather(table as tf.Tensor, indices),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.matMul(tf.cast(tf.oneHot(saved[0]!, (2 * window - 1) ** 2), 'float32'), dy as tf.Tensor2D, true),
    };
  });
  return tf.reshape(tf.transpose(gather(table)), [1, heads, size, size]);
}

/**
 * What is added to the logits: -100 between positions of different regions, 0 within one.
 *
 * @param regions [windows, window^2]
 * @returns [windows, window^2, window^2]
 */
function mask(regions: tf.Tensor2D): tf.Tensor3D {
  const apart = tf.notEqual(tf.expandDims(regions, 2), tf.expandDims(regions, 1));
  return tf.mul(tf.cast(apart, 'float32'), -100);
}

/**
 * In which region each position lies: those that the cyclic shift has brought together from opposite sides of the
 * feature lie in different ones. [windows, window^2]
 *
 * Frequencies lie on no side. DCTSwin's code takes the DCT of the map of the regions as it does of all that it cuts in
 * windows, and parts those coefficients that differ: some of the windows at the seam, and in windows that were not
 * shifted, whose map is constant, the first one from all others.
 */
function regionsOf(height: number, width: number, { window, shift, tokens }: WindowAttention): tf.Tensor2D {
  const size = window * window;
  const across = width / window;
  const windows = (height / window) * across;
  // Along an axis the shifted feature has three regions: whole windows, then both sides of the seam in the last one.
  const region = (position: number, length: number) => {
    if (shift === 0) return 1;
    return position < length - window ? 0 : position < length - shift ? 1 : 2;
  };
  const matrix = tokens === 'frequencies' ? dctMatrix(window, false) : undefined;
  const values = new Float32Array(windows * size);
  // Few windows differ.
  const known = new Map<string, Float64Array>();
  for (let index = 0; index < windows; index++) {
    const [top, left] = [window * Math.floor(index / across), window * (index % across)];
    const regions = Float64Array.from({ length: size }, (_, position) => {
      const [y, x] = [top + Math.floor(position / window), left + (position % window)];
      return 3 * region(y, height) + region(x, width);
    });
    if (regions.every((value) => value === 0)) continue;
    const pattern = regions.join();
    if (!known.has(pattern)) known.set(pattern, matrix ? coefficients(matrix, regions) : regions);
    values.set(known.get(pattern)!, index * size);
  }
  return tf.tensor2d(values, [windows, size]);
}

/** Of a window's values, in hundredths: what should be alike differs in its last digits. */
function coefficients(matrix: Float32Array, values: Float64Array): Float64Array {
  const size = values.length;
  return values.map((_, row) =>
    Math.round(100 * values.reduce((sum, value, column) => sum + value * matrix[row * size + column]!, 0)),
  );
}
