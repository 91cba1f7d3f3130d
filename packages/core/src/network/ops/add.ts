import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** The sum of a feature and another of its shape (a skip or residual connection), or one that has one position. */
export interface Add extends NodeBase {
  op: 'add';
}

export const add: Op<Add> = {
  demand: pointwise,
  streams: true,
  run: (_, [a, b]) => tf.add(a!, b!),
};
