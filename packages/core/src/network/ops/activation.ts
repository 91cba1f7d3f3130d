import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../../kernels/gelu.ts';
import { type NodeBase, type Op, pointwise } from './op.ts';

/** A function of each value alone; `softmax` is over the channels. */
export interface Activate extends NodeBase {
  op: 'activation';
  activation: 'relu' | 'leaky-relu' | 'gelu' | 'sigmoid' | 'tanh' | 'softmax';
  /** The slope of `leaky-relu` below zero. */
  slope: number;
}

export const activate: Op<Activate> = {
  demand: pointwise,
  streams: true,
  run({ activation, slope }, [x]) {
    switch (activation) {
      case 'relu':
        return tf.relu(x!);
      case 'leaky-relu':
        return tf.leakyRelu(x!, slope);
      case 'gelu':
        return gelu(x!);
      case 'sigmoid':
        return tf.sigmoid(x!);
      case 'tanh':
        return tf.tanh(x!);
      case 'softmax':
        return tf.softmax(x!, 3);
    }
  },
};
