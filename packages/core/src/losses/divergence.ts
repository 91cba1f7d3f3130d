import * as tf from '@tensorflow/tfjs-core';

/**
 * How far an image is from another as a distribution over its positions: the Kullback-Leibler divergence of the softmax,
 * over the positions of each channel, of both (Shu et al., Channel-wise Knowledge Distillation, ICCV 2021), averaged over
 * images and channels. The overall level of a channel does not count; for small differences the divergence is their
 * variance, weighted by the reference's softmax, divided by twice the squared temperature.
 *
 * @param image shape [batch, height, width, channels].
 * @param reference the same shape; takes the place of the truth: KL(reference || image).
 * @param temperature what the values are divided by before the softmax.
 */
export function positionDivergence(
  image: tf.Tensor4D,
  reference: tf.Tensor4D,
  temperature: number,
): tf.Scalar {
  return tf.tidy(() => {
    const [wanted, found] = [reference, image].map((x) => {
      const [n, h, w, c] = x.shape;
      const channels = tf.transpose(tf.reshape(x, [n, h * w, c]), [0, 2, 1]);
      return tf.logSoftmax(tf.div(channels, temperature));
    }) as [tf.Tensor3D, tf.Tensor3D];
    return tf.mean(tf.sum(tf.mul(tf.exp(wanted), tf.sub(wanted, found)), -1));
  });
}
