/** Kernels of the wasm backend that read some rows of a feature map and write behind others, without a copy. */
import * as tf from '@tensorflow/tfjs-core';

export const CONV_ROWS = 'ConvRows';
export const ADD_ROWS = 'AddRows';

/** Whether the current backend has them. */
export function hasRowKernels(): boolean {
  return tf.getKernel(CONV_ROWS, tf.getBackend()) !== undefined;
}
