import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op } from './op.ts';

/**
 * Folds each `block` x `block` square of positions into channels: [n, h, w, c] -> [n, h/b, w/b, b*b*c], channels
 * ordered (row, column, channel). Losslessly trades resolution for width, as FFDNet and ESPCN do at their ends.
 */
export interface SpaceToDepth extends NodeBase {
  op: 'space-to-depth';
  block: number;
}

/** The inverse of SpaceToDepth, the pixel shuffle of ESPCN with channels ordered (row, column, channel). */
export interface DepthToSpace extends NodeBase {
  op: 'depth-to-space';
  block: number;
}

// Both are written as reshape, transpose, reshape: the stock DepthToSpace kernel has no gradient, and on the wasm
// backend it is tens of times slower than a transpose.

export const spaceToDepth: Op<SpaceToDepth> = {
  weights: () => [],
  macs: () => 0,
  demand: ({ block }, { from, to }) => ({ from: from * block, to: to * block + block - 1 }),
  scratch: () => 0,
  run({ block }, [x]) {
    const [n, h, w, c] = x!.shape;
    return tf.tidy(() => {
      const rows = tf.reshape(x!, [(n * h) / block, block, w / block, block * c]);
      return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [n, h / block, w / block, block * block * c]);
    });
  },
};

export const depthToSpace: Op<DepthToSpace> = {
  weights: () => [],
  macs: () => 0,
  demand: ({ block }, { from, to }) => ({ from: Math.floor(from / block), to: Math.floor(to / block) }),
  scratch: () => 0,
  run({ block }, [x]) {
    const [n, h, w, c] = x!.shape;
    const out = c / (block * block);
    return tf.tidy(() => {
      const rows = tf.reshape(x!, [n * h, w, block, block * out]);
      return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [n, h * block, w * block, out]);
    });
  },
};
