import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** Several features' channels side by side. */
export interface Concat extends NodeBase {
  op: 'concat';
}

/** The channels from `from` on, as many as the node has. */
export interface Slice extends NodeBase {
  op: 'slice';
  from: number;
}

export const concat: Op<Concat> = {
  demand: pointwise,
  streams: true,
  run: (_, inputs) => tf.concat(inputs, 3),
};

export const slice: Op<Slice> = {
  demand: pointwise,
  streams: true,
  run: ({ from, channels }, [x]) => tf.slice(x!, [0, 0, 0, from], [-1, -1, -1, channels]),
};
