import * as tf from '@tensorflow/tfjs-core';
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
  // Queries, keys and values by window and by head, then the logits, with their bias, and their softmax.
  scratch: ({ window, heads, channels }, positions) =>
    4 * positions * (6 * channels + 3 * heads * window * window),
  run({ name, window, heads, shift, channels }, [qkv], weights) {
    const [n, h, w] = qkv!.shape;
    return tf.tidy(() => {
      const tokens = toWindows(qkv!, window);
      const size = window * window;
      const part = (index: number) => {
        const sliced = tf.slice(tokens, [0, 0, index * channels], [-1, -1, channels]);
        return tf.transpose(tf.reshape(sliced, [-1, size, heads, channels / heads]), [0, 2, 1, 3]);
      };
      const query = tf.mul(part(0), (channels / heads) ** -0.5);
      let logits: tf.Tensor = tf.matMul(query, part(1), false, true);
      logits = tf.add(logits, relativeBias(weights[`${name}.relative_position_bias_table`]!, window, heads));
      if (shift > 0) {
        const windows = (h * w) / size;
        const masked = tf.add(
          tf.reshape(logits, [n, windows, heads, size * size]),
          tf.reshape(shiftMask(h, w, window, shift), [1, windows, 1, size * size]),
        );
        logits = tf.reshape(masked, [n * windows, heads, size, size]);
      }
      const mixed = tf.matMul(tf.softmax(logits), part(2));
      const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, size, channels]) as tf.Tensor3D;
      return fromWindows(merged, window, [n, h, w]);
    });
  },
};

/** The table's entry for each pair of positions in a window: [1, heads, window^2, window^2]. */
function relativeBias(table: tf.Tensor, window: number, heads: number): tf.Tensor4D {
  const size = window * window;
  const span = 2 * window - 1;
  const index = Int32Array.from({ length: size * size }, (_, pair) => {
    const [query, key] = [Math.floor(pair / size), pair % size];
    const rows = Math.floor(query / window) - Math.floor(key / window) + window - 1;
    const columns = (query % window) - (key % window) + window - 1;
    return rows * span + columns;
  });
  // A gather whose gradient is a product with the one-hot matrix: the stock one lacks a kernel on the wasm backend.
  const gather = tf.customGrad((table, save) => {
    const indices = tf.tensor1d(index, 'int32');
    (save as unknown as tf.GradSaveFunc)([indices]);
    return {
      value: tf.gather(table as tf.Tensor, indices),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.matMul(tf.cast(tf.oneHot(saved[0]!, span * span), 'float32'), dy as tf.Tensor2D, true),
    };
  });
  return tf.reshape(tf.transpose(gather(table)), [1, heads, size, size]);
}

/**
 * What is added to the logits of shifted windows: -100 between positions that the cyclic shift has brought together
 * from opposite sides of the feature, 0 between neighbours. [windows, window^2, window^2]
 */
function shiftMask(height: number, width: number, window: number, shift: number): tf.Tensor3D {
  // Along an axis the shifted feature has three regions: whole windows, then both sides of the seam in the last one.
  const region = (position: number, length: number) =>
    position < length - window ? 0 : position < length - shift ? 1 : 2;
  const regions = tf.tensor4d(
    Float32Array.from({ length: height * width }, (_, position) => {
      const [y, x] = [Math.floor(position / width), position % width];
      return 3 * region(y, height) + region(x, width);
    }),
    [1, height, width, 1],
  );
  const ids = toWindows(regions, window);
  const differs = tf.notEqual(ids, tf.transpose(ids, [0, 2, 1]));
  return tf.mul(tf.cast(differs, 'float32'), -100);
}
