import * as tf from '@tensorflow/tfjs-core';
import { type NodeBase, type Op, pointwise } from './op.ts';

/**
 * Layer normalisation over the channels of each position alone (Ba et al. 2016, as transformers for images use it), so
 * it needs no neighbour and tiles like a 1x1 convolution.
 */
export interface LayerNorm extends NodeBase {
  op: 'layer-norm';
  /** Its weights are `<name>.weight` and `<name>.bias`, [channels]. */
  name: string;
  epsilon: number;
}

export const layerNorm: Op<LayerNorm> = {
  weights: ({ name, channels }) => [
    { name: `${name}.weight`, shape: [channels], layout: 'vector', deviation: 0, mean: 1 },
    { name: `${name}.bias`, shape: [channels], layout: 'vector', deviation: 0 },
  ],
  demand: pointwise,
  scratch: ({ channels }, positions) => 8 * channels * positions,
  run({ name, epsilon }, [x], weights) {
    return tf.tidy(() => {
      const centred = tf.sub(x!, tf.mean(x!, 3, true));
      const variance = tf.mean(tf.square(centred), 3, true);
      const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
      return tf.add(tf.mul(normal, weights[`${name}.weight`]!), weights[`${name}.bias`]!);
    });
  },
};
