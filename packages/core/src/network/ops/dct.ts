import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, windowed } from './op.ts';
import { fromWindows, toWindows } from './windows.ts';

/**
 * Replaces each aligned window of each channel by its two-dimensional DCT-II, or, inverse, coefficients by values. Not
 * normalised, as torch_dct's: a factor of 2 along each axis, so the first coefficient is four times the window's sum.
 */
export interface WindowDct extends NodeBase {
  op: 'window-dct';
  window: number;
  inverse: boolean;
}

export const windowDct: Op<WindowDct> = {
  macs: ({ window, channels }) => window * window * channels,
  demand: windowed,
  // Windows before and after.
  scratch: ({ channels }, positions) => 8 * channels * positions,
  run({ window, inverse }, [x]) {
    const [n, h, w] = x!.shape;
    const size = window * window;
    return tf.tidy(() => {
      const matrix = tf.tensor3d(dctMatrix(window, inverse), [1, size, size]);
      return fromWindows(tf.matMul(matrix, toWindows(x!, window)), window, [n, h, w]);
    });
  },
};

/** The matrix that takes a window's values, row by row, to its coefficients, or back. */
export function dctMatrix(window: number, inverse: boolean): Float32Array {
  const size = window * window;
  // Along one axis: X[k] = 2 sum_i x[i] cos(pi (2 i + 1) k / 2n); x[i] = (X[0] / 2 + sum_k X[k] cos(...)) / n.
  const axis = Float64Array.from({ length: size }, (_, index) => {
    const [to, from] = [Math.floor(index / window), index % window];
    return inverse
      ? (from === 0 ? 0.5 : Math.cos((Math.PI * (2 * to + 1) * from) / (2 * window))) / window
      : 2 * Math.cos((Math.PI * (2 * from + 1) * to) / (2 * window));
  });
  const along = (to: number, from: number) => axis[to * window + from]!;
  return Float32Array.from({ length: size * size }, (_, index) => {
    const [to, from] = [Math.floor(index / size), index % size];
    return along(Math.floor(to / window), Math.floor(from / window)) * along(to % window, from % window);
  });
}
