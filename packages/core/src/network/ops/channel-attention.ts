import * as tf from '@tensorflow/tfjs-core';
import { everywhere, type NodeBase, type Op } from './op.ts';

/**
 * Attention among channels, over the whole photograph (Restormer's MDTA, Zamir et al. 2022, equation 1): each head's
 * channels are mixed by how much they agree over all positions. It reads queries, keys and values side by side,
 * 3 x channels, each head's together.
 */
export interface ChannelAttention extends NodeBase {
  op: 'channel-attention';
  /** Its weight is `<name>.temperature` [heads]. */
  name: string;
  heads: number;
}

export const channelAttention: Op<ChannelAttention> = {
  weights: ({ name, heads }) => [
    { name: `${name}.temperature`, shape: [heads], layout: 'vector', deviation: 0, mean: 1 },
  ],
  macs: ({ channels, heads }) => (2 * channels * channels) / heads,
  demand: everywhere,
  scratch: ({ channels }, positions) => 4 * positions * 7 * channels,
  run({ name, heads, channels }, [qkv], weights) {
    const [n, h, w] = qkv!.shape;
    return tf.tidy(() => {
      const part = (index: number) => {
        const sliced = tf.slice(qkv!, [0, 0, 0, index * channels], [-1, -1, -1, channels]);
        return tf.transpose(tf.reshape(sliced, [n, h * w, heads, channels / heads]), [0, 2, 1, 3]);
      };
      const agreement = tf.matMul(unit(part(0)), unit(part(1)), true, false);
      const temperature = tf.reshape(weights[`${name}.temperature`]!, [1, heads, 1, 1]);
      const attention = tf.softmax(tf.mul(agreement, temperature));
      const mixed = tf.matMul(part(2), attention, false, true);
      return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [n, h, w, channels]);
    });
  },
};

/** Each channel scaled to an L2 norm of 1 over all positions. */
function unit(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 2, true), 1e-24)));
}
