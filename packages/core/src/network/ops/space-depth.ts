import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op } from './op.ts';

/**
 * How a `block` x `block` square of positions is laid out in channels: `position` has (row, column, channel), as
 * TensorFlow does, `channel` has (channel, row, column), as PyTorch's PixelShuffle does.
 */
export type BlockOrder = 'position' | 'channel';

/**
 * Folds each `block` x `block` square of positions into channels: [n, h, w, c] -> [n, h/b, w/b, b*b*c]. Losslessly
 * trades resolution for width, as FFDNet and ESPCN do at their ends.
 */
export interface SpaceToDepth extends NodeBase {
  op: 'space-to-depth';
  block: number;
  order: BlockOrder;
}

/** The inverse of SpaceToDepth, the pixel shuffle of ESPCN. */
export interface DepthToSpace extends NodeBase {
  op: 'depth-to-space';
  block: number;
  order: BlockOrder;
}

// Both are written as reshape, transpose, reshape: the stock DepthToSpace kernel has no gradient, and on the wasm
// backend it is tens of times slower than a transpose.

export const spaceToDepth: Op<SpaceToDepth> = {
  demand: ({ block }, { from, to }) => ({ from: from * block, to: to * block + block - 1 }),
  streams: true,
  run({ block, order }, [x]) {
    const [n, h, w, c] = x!.shape;
    const shape: [number, number, number, number] = [n, h / block, w / block, block * block * c];
    return tf.tidy(() => {
      if (order === 'channel') {
        const squares = tf.reshape(x!, [(n * h) / block, block, w / block, block, c]);
        return tf.reshape(tf.transpose(squares, [0, 2, 4, 1, 3]), shape);
      }
      const rows = tf.reshape(x!, [(n * h) / block, block, w / block, block * c]);
      return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), shape);
    });
  },
};

export const depthToSpace: Op<DepthToSpace> = {
  demand: ({ block }, { from, to }) => ({ from: Math.floor(from / block), to: Math.floor(to / block) }),
  streams: true,
  run({ block, order }, [x]) {
    const [n, h, w, c] = x!.shape;
    const out = c / (block * block);
    const shape: [number, number, number, number] = [n, h * block, w * block, out];
    return tf.tidy(() => {
      if (order === 'channel') {
        const squares = tf.reshape(x!, [n * h, w, out, block, block]);
        return tf.reshape(tf.transpose(squares, [0, 3, 1, 4, 2]), shape);
      }
      const rows = tf.reshape(x!, [n * h, w, block, block * out]);
      return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), shape);
    });
  },
};
