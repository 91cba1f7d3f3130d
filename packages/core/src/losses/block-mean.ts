import * as tf from '@tensorflow/tfjs-core';

/**
 * The mean of each square of `block` x `block` positions of a feature, channel by channel: [n, h, w, c] ->
 * [n, floor(h / block), floor(w / block), c]. What does not fill a square is left out.
 */
export function blockMean(features: tf.Tensor4D, block: number): tf.Tensor4D {
  if (block === 1) return features;
  return tf.tidy(() => rectangleMean(wholeBlocks(features, block), [block, block]));
}

/** The mean over all positions of each channel, shape [n, 1, 1, c]. */
export function positionMean(features: tf.Tensor4D): tf.Tensor4D {
  return rectangleMean(features, [features.shape[1], features.shape[2]]);
}

/** A feature without the last rows and columns that do not fill a square of `block` x `block`. */
export function wholeBlocks(features: tf.Tensor4D, block: number): tf.Tensor4D {
  const [n, h, w, c] = features.shape;
  if (h % block === 0 && w % block === 0) return features;
  return tf.slice(features, [0, 0, 0, 0], [n, h - (h % block), w - (w % block), c]);
}

/** The mean of each rectangle of positions: average pooling, which has no gradient on the wasm backend, with one. */
function rectangleMean(features: tf.Tensor4D, [height, width]: [number, number]): tf.Tensor4D {
  const [n, h, w, c] = features.shape;
  const pooled = tf.customGrad((x) => ({
    value: tf.avgPool(x as tf.Tensor4D, [height, width], [height, width], 'valid'),
    gradFunc: (dy: tf.Tensor) => {
      const share = tf.fill([1, height, 1, width, 1], 1 / (height * width));
      const spread = tf.mul(tf.reshape(dy, [(n * h) / height, 1, w / width, 1, c]), share);
      return tf.reshape(spread, [n, h, w, c]);
    },
  }));
  return pooled(features) as tf.Tensor4D;
}
