import * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Op } from './op.ts';

/** The sum of two features of the same shape: a skip or residual connection. */
export interface Add extends NodeBase {
  op: 'add';
}

export const add: Op<Add> = {
  weights: () => [],
  macs: () => 0,
  demand: (_, output) => output,
  scratch: () => 0,
  run: (_, [a, b]) => tf.add(a!, b!),
};
