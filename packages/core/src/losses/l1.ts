import * as tf from '@tensorflow/tfjs-core';

/** Mean absolute difference of two tensors of the same shape. */
export function l1(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.abs(tf.sub(a, b))) as tf.Scalar);
}
