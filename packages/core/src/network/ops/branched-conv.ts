import * as tf from '@tensorflow/tfjs-core';
import { type Conv, conv } from './conv.ts';
import type { Op, Weight } from './op.ts';

/**
 * A 3x3 convolution as it is trained: the sum of branches that are all convolutions of at most 3x3, and so are one
 * (Zhang et al. 2021, "Edge-oriented convolution block for real-time super resolution on mobile devices"). They are
 * merged into one kernel before it runs, instead of being run side by side.
 *
 * Beside the convolution itself: a plain 1x1 convolution and 1x1 convolutions before an edge filter each, with trained
 * scales; and one that expands to twice the channels by 1x1 and squeezes them by 3x3. The paper gives each branch a bias;
 * their sum is one bias, so here they have one. It also adds the input itself, which has nothing to train: that only moves
 * the start, and `unfold` decides where the start is.
 */
export interface BranchedConv extends Omit<Conv, 'op'> {
  op: 'branched-conv';
  /** Always 3, with a bias. */
  kernel: 3;
  bias: true;
}

const centre = [0, 0, 0, 0, 1, 0, 0, 0, 0];
const sobelX = [1, 0, -1, 2, 0, -2, 1, 0, -1];
const sobelY = [1, 2, 1, 0, 0, 0, -1, -2, -1];
const laplacian = [0, 1, 0, 1, -4, 1, 0, 1, 0];
const filters = [centre, sobelX, sobelY, laplacian];

const expansion = 2;

export const branchedConv: Op<BranchedConv> = {
  weights(node) {
    const { name, inputChannels, channels } = node;
    const wide = expansion * channels;
    const weight = (branch: string, shape: number[], deviation: number): Weight => {
      return { name: `${name}.${branch}`, shape, layout: 'vector', deviation };
    };
    return [
      ...conv.weights!(plain(node)),
      weight('filtered.weight', [filters.length, inputChannels, channels], inputChannels ** -0.5),
      weight('filtered.scale', [filters.length, 1, channels], 1e-3),
      weight('expand.weight', [inputChannels, wide], inputChannels ** -0.5),
      weight('expand.bias', [1, wide], 0),
      weight('squeeze.weight', [wide, 3, 3, channels], (9 * wide) ** -0.5),
    ];
  },
  macs: (node) => conv.macs!(plain(node)),
  demand: (node, output) => conv.demand(plain(node), output),
  scratch: (node, positions) => conv.scratch!(plain(node), positions),
  run(node, inputs, weights, conditions) {
    return tf.tidy(() => conv.run(plain(node), inputs, { ...weights, ...merge(node, weights) }, conditions));
  },
};

/** The convolution that the branches make together. */
function plain(node: BranchedConv): Conv {
  return { ...node, op: 'conv' };
}

/** The weights of the convolution that the branches make together, differentiable with respect to theirs. */
export function merge(
  { name, inputChannels, channels }: BranchedConv,
  weights: Record<string, tf.Tensor>,
): Record<string, tf.Tensor> {
  const of = (branch: string) => weights[`${name}.${branch}`]!;
  const shape = [3, 3, inputChannels, channels];
  // A 1x1 convolution before each filter makes each tap a blend of the 1x1 kernels.
  const taps = tf.tensor2d(filters);
  const pointwise = tf.mul(of('filtered.weight'), of('filtered.scale'));
  const filtered = tf.matMul(taps, tf.reshape(pointwise, [filters.length, -1]) as tf.Tensor2D, true);
  // [wide, 9 channels], so that the 1x1 convolution before it is one product.
  const squeeze = tf.reshape(of('squeeze.weight'), [-1, 9 * channels]) as tf.Tensor2D;
  const squeezed = tf.reshape(tf.matMul(of('expand.weight') as tf.Tensor2D, squeeze), [-1, 9, channels]);
  // The expanded feature counts as padded by its bias, not by zeros, so all nine taps see it everywhere.
  const squeezedBias = tf.reshape(tf.matMul(of('expand.bias') as tf.Tensor2D, squeeze), [9, channels]);
  return {
    [`${name}.weight`]: tf.addN([
      of('weight'),
      tf.reshape(filtered, shape),
      tf.reshape(tf.transpose(squeezed, [1, 0, 2]), shape),
    ]),
    [`${name}.bias`]: tf.add(of('bias'), tf.sum(squeezedBias, 0)),
  };
}
