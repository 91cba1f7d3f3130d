import * as tf from '@tensorflow/tfjs-core';
import { ADD_ROWS } from '../../kernels/rows.ts';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** The sum of a feature and another of its shape (a skip or residual connection), or one that has one position. */
export interface Add extends NodeBase {
  op: 'add';
}

export const add: Op<Add> = {
  demand: pointwise,
  streams: true,
  run: (_, [a, b]) => tf.add(a!, b!),
  runBehind(_, [a, b], __, ___, kept) {
    const inputs = { a: a!.tensor, b: b!.tensor, ...(kept && { kept }) };
    const attributes = { fromA: a!.from, fromB: b!.from, count: a!.count };
    return tf.engine().runKernel(ADD_ROWS, inputs, attributes) as tf.Tensor4D;
  },
};
