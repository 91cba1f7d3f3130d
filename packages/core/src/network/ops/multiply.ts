import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** The product of a feature with another of its shape, or with one that has one position, one channel, or both. */
export interface Multiply extends NodeBase {
  op: 'multiply';
}

export const multiply: Op<Multiply> = {
  demand: pointwise,
  streams: true,
  run: (_, [a, b]) => tf.mul(a!, b!),
};
