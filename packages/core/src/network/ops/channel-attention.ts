import * as tf from '@tensorflow/tfjs-core';
import { everywhere, type NodeBase, type Op, type Weight } from './op.ts';

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

/**
 * Channel attention in which each channel listens only to those it agrees with most (DRSformer's TKSA, Chen et al.
 * 2023, equation 4): a blend of four mixtures, of the best half, two thirds, three quarters and four fifths of them.
 */
export interface SparseChannelAttention extends NodeBase {
  op: 'sparse-channel-attention';
  /** Its weights are `<name>.temperature` [heads] and the mixtures' shares, `<name>.attn1` to `.attn4` [1]. */
  name: string;
  heads: number;
}

const temperature = ({ name, heads }: { name: string; heads: number }): Weight => ({
  name: `${name}.temperature`,
  shape: [heads],
  layout: 'vector',
  deviation: 0,
  mean: 1,
});

/** What both kinds have alike. */
const common = {
  macs: ({ channels, heads }: ChannelAttention | SparseChannelAttention) => (2 * channels * channels) / heads,
  demand: everywhere,
  // Queries, keys and the squares of either.
  scratch: ({ channels }: NodeBase, positions: number) => 4 * positions * 3 * channels,
};

export const channelAttention: Op<ChannelAttention> = {
  ...common,
  weights: (node) => [temperature(node)],
  run: (node, [qkv], weights) => mixChannels(node, qkv!, weights, (agreement) => tf.softmax(agreement)),
};

/** How much of the channels each mixture keeps. */
export const kept = [1 / 2, 2 / 3, 3 / 4, 4 / 5];

export const sparseChannelAttention: Op<SparseChannelAttention> = {
  ...common,
  weights: (node) => [
    temperature(node),
    ...kept.map((_, index): Weight => {
      return { name: `${node.name}.attn${index + 1}`, shape: [1], layout: 'vector', deviation: 0, mean: 0.2 };
    }),
  ],
  run: (node, [qkv], weights) =>
    mixChannels(node, qkv!, weights, (agreement) => {
      const width = node.channels / node.heads;
      const mixtures = kept.map((part, index) =>
        tf.mul(
          strongestSoftmax(agreement, Math.trunc(width * part)),
          weights[`${node.name}.attn${index + 1}`]!,
        ),
      );
      return tf.addN(mixtures);
    }),
};

/** Mixes each head's values by what `attend` makes of the agreement [n, heads, query, key] of queries and keys. */
function mixChannels(
  { name, heads, channels }: ChannelAttention | SparseChannelAttention,
  qkv: tf.Tensor4D,
  weights: Record<string, tf.Tensor>,
  attend: (agreement: tf.Tensor) => tf.Tensor,
): tf.Tensor4D {
  const [n, h, w] = qkv.shape;
  const width = channels / heads;
  const byHead = (index: number) =>
    tf.tidy(() => {
      const part = tf.slice(qkv, [0, 0, 0, index * channels], [-1, -1, -1, channels]);
      return tf.transpose(tf.reshape(part, [n, h * w, heads, width]), [0, 2, 1, 3]);
    });
  return tf.tidy(() => {
    const attention = tf.tidy(() => {
      const [query, key] = [byHead(0), byHead(1)];
      const products = tf.matMul(query, key, true, false);
      const lengths = tf.mul(tf.transpose(inverseLengths(query), [0, 1, 3, 2]), inverseLengths(key));
      const temperature = tf.reshape(weights[`${name}.temperature`]!, [1, heads, 1, 1]);
      return attend(tf.mul(tf.mul(products, lengths), temperature));
    });
    const mixed = tf.tidy(() => tf.matMul(byHead(2), attention, false, true));
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [n, h, w, channels]);
  });
}

/** One over the L2 norm of each channel over all positions: [n, heads, positions, c] -> [n, heads, 1, c]. */
function inverseLengths(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    // The sum as a product with ones: the stock sum over an inner axis is many times slower.
    const squares = tf.matMul(tf.ones([1, 1, 1, x.shape[2]!]), tf.square(x));
    return tf.rsqrt(tf.maximum(squares, 1e-24));
  });
}

/** Softmax over the `count` largest of the last axis; the others are 0. */
function strongestSoftmax(logits: tf.Tensor, count: number): tf.Tensor {
  // The choice itself has no gradient, and neither has the stock top-k.
  const softmax = tf.customGrad((x, save) => {
    const logits = x as tf.Tensor;
    const { values } = tf.topk(logits, count);
    const least = tf.min(values, -1, true);
    const shares = tf.softmax(tf.where(tf.greaterEqual(logits, least), logits, tf.fill(logits.shape, -1e9)));
    (save as unknown as tf.GradSaveFunc)([shares]);
    return {
      value: shares,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const product = tf.mul(dy, saved[0]!);
        return tf.sub(product, tf.mul(saved[0]!, tf.sum(product, -1, true)));
      },
    };
  });
  return softmax(logits);
}
