/**
 * What BRISQUE and PIQE measure on grey photographs, measured on a network's features instead: channel by channel, with
 * a slope everywhere, so that features can be compared by it in training.
 *
 * From the metrics: the contrast normalisation with its 7x7 Gaussian window (Ruderman 1994; Mittal, Moorthy and Bovik,
 * TIP 2012), the products of neighbours, the variance of blocks and the deviation of segments along their edges
 * (Venkatanath et al., NCC 2015). Ours, since features have no fixed range, no rounding and little room: whatever the
 * functions below say of scale, borders, sides and sizes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { fusedContrast, fusedNatural } from '../kernels/contrast.ts';
import { mscnWindow } from '../metrics/mscn.ts';
import { blockMean, positionMean, wholeBlocks } from './block-mean.ts';

/** The metrics add 1 of 255 grey levels to a deviation; photographs spread by about 50. */
const contrastFloor = 0.02;

/** Keeps the slopes of square roots finite where nothing varies: a deviation is 0.01 there, of a spread of 1. */
const epsilon = 1e-4;

/** Features are taken as spread by a hundredth of their level at least, so that rounding is not taken for texture. */
const spreadFloor = 1e-4;

/**
 * Contrast-normalised features: each value less its neighbourhood's mean, divided by its neighbourhood's deviation and a
 * constant, a fraction of how far all values of the same image spread around the means of their channels. That scale is
 * taken as given: it has no slope. Beyond the border lies each channel's mean.
 *
 * @param features shape [batch, height, width, channels].
 * @returns the same shape; 0 where a feature is flat.
 */
export function contrastNormalised(features: tf.Tensor4D): tf.Tensor4D {
  const window = mscnWindow.slice((mscnWindow.length - 1) / 2);
  const constants = { window: [...window], epsilon, contrastFloor, spreadFloor };
  return tf.tidy(() => fusedContrast(features, constants) ?? composedContrast(features));
}

/**
 * BRISQUE's statistics in a soft form: the mean size and mean square of the normalised values, and of the products of
 * neighbours along rows, columns and both diagonals the mean of all and of the positive ones, which is what makes one side
 * of their distribution wider than the other. BRISQUE's own measure of that counts signs and looks shapes up in a table,
 * neither of which has a slope. Its products wrap around at the border; here there is 0 beyond it.
 *
 * @param normalised `contrastNormalised`, shape [batch, height, width, channels].
 * @returns shape [batch, 10, 1, channels].
 */
export function naturalStatistics(normalised: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => fusedNatural(normalised) ?? composedNatural(normalised));
}

/**
 * PIQE's statistics in a soft form: the variance of each block of normalised values, which says how much texture it has,
 * and the deviation of each segment along its four edges; without PIQE's thresholds, which have no slope. A segment is as
 * long against its block as PIQE's six of sixteen. What does not fill a block is left out.
 *
 * @param normalised `contrastNormalised`, shape [batch, height, width, channels].
 * @param block side of a block in positions, 4 at least: PIQE's 16 for a feature as large as the photograph. A smaller
 *   feature is one block.
 * @returns `activity`, shape [batch, rows, columns, channels], of blocks, and `edges`, the deviations of their segments:
 *   top edges, bottom, left and right ones in turn, shape [4 * batch * rows, columns, segments, channels].
 */
export function edgeStatistics(
  normalised: tf.Tensor4D,
  block: number,
): { activity: tf.Tensor4D; edges: tf.Tensor4D } {
  return tf.tidy(() => {
    const side = Math.min(block, normalised.shape[1], normalised.shape[2]);
    const segment = Math.max(2, Math.round((6 / 16) * side));
    const whole = wholeBlocks(normalised, side);
    const [n, h, w, c] = whole.shape;
    const [down, across] = [(n * h) / side, w / side];

    const mean = blockMean(whole, side);
    const variance = tf.sub(blockMean(tf.square(whole), side), tf.square(mean));
    const activity = tf.mul(variance, side ** 2 / (side ** 2 - 1)) as tf.Tensor4D;

    const bands = tf.reshape(whole, [down, side, w * c]);
    const stacks = tf.reshape<tf.Rank.R4>(whole, [down, side, across, side * c]);
    const row = (at: number) =>
      tf.reshape<tf.Rank.R4>(tf.slice(bands, [0, at, 0], [down, 1, w * c]), [down, across, side, c]);
    const column = (at: number) =>
      tf.transpose(tf.slice(stacks, [0, 0, 0, at * c], [down, side, across, c]), [0, 2, 1, 3]);
    const edges = tf.concat([row(0), row(side - 1), column(0), column(side - 1)]);
    return { activity, edges: segmentDeviation(edges, segment) };
  });
}

/**
 * `contrastNormalised` with its gradient written out, which takes fewer passes than one recorded step by step:
 *
 *     m = (x - mean) / (deviation + floor),   mean = blur(x),   deviation^2 = blur(x^2) - mean^2 + epsilon
 *
 * of features x around their channels' means, floor and epsilon in units of their spread. The blur is its own transpose.
 */
const composedContrast = tf.customGrad((features, save) => {
  const raw = features as tf.Tensor4D;
  const centre = positionMean(raw);
  const level = positionMean(tf.square(raw));
  const within = tf.relu(tf.sub(level, tf.square(centre)));
  const variance = tf.mean(tf.add(within, tf.mul(level, spreadFloor)), -1, true);
  const spread = tf.sqrt(tf.add(variance, 1e-12));

  const x = tf.sub<tf.Tensor4D>(raw, centre);
  const mean = blurred(x);
  const local = tf.relu(tf.sub(blurred(tf.square(x)), tf.square(mean)));
  const deviation = tf.sqrt(tf.add(local, tf.mul(tf.square(spread), epsilon)));
  const divisor = tf.add(deviation, tf.mul(spread, contrastFloor));
  const m = tf.div(tf.sub(x, mean), divisor);
  (save as tf.GradSaveFunc)([x, mean, deviation, divisor, m]);
  return {
    value: m,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, mean, deviation, divisor, m] = saved as Five<tf.Tensor4D>;
      const ofDifference = tf.div<tf.Tensor4D>(dy, divisor);
      // Half of the slopes to the variance, with the sign turned.
      const ofVariance = tf.div<tf.Tensor4D>(tf.mul(ofDifference, m), deviation);
      const ofMean = tf.sub<tf.Tensor4D>(ofDifference, tf.mul(mean, ofVariance));
      return tf.sub(tf.sub(ofDifference, tf.mul(x, blurred(ofVariance))), blurred(ofMean));
    },
  };
}) as (features: tf.Tensor4D) => tf.Tensor4D;

type Five<T> = [T, T, T, T, T];

function composedNatural(normalised: tf.Tensor4D): tf.Tensor4D {
  const right = shifted(normalised, [1, 2]);
  const below = shifted(normalised, [2, 1]);
  const products = [
    tf.mul(normalised, right),
    tf.mul(normalised, below),
    tf.mul(normalised, shifted(normalised, [2, 2])),
    tf.mul(right, below),
  ] as tf.Tensor4D[];
  const sizes = [tf.abs(normalised), tf.square(normalised)];
  const sides = products.flatMap((product) => [product, tf.relu(product)]);
  return tf.concat([...sizes, ...sides].map(positionMean), 1);
}

/** The mean under BRISQUE's and PIQE's window, 0 beyond the border. */
function blurred(x: tf.Tensor4D): tf.Tensor4D {
  const channels = x.shape[3];
  const size = mscnWindow.length;
  const filter = tf.tile(tf.tensor([...mscnWindow], [size, 1]), [1, channels]);
  const across = tf.reshape<tf.Rank.R4>(filter, [1, size, channels, 1]);
  const down = tf.reshape<tf.Rank.R4>(filter, [size, 1, channels, 1]);
  return tf.depthwiseConv2d(tf.depthwiseConv2d(x, across, 1, 'same'), down, 1, 'same');
}

/** The value at the far corner of a window that begins at each position, 0 beyond the border. */
function shifted(x: tf.Tensor4D, [height, width]: [number, number]): tf.Tensor4D {
  const channels = x.shape[3];
  const taps = Array.from({ length: height * width }, (_, tap) => (tap === height * width - 1 ? 1 : 0));
  const filter = tf.tile(tf.tensor4d(taps, [height, width, 1, 1]), [1, 1, channels, 1]);
  // A convolution, because a slice and its padding take longer on the wasm backend.
  return tf.depthwiseConv2d(x, filter, 1, 'same');
}

/** The deviation (of a sample) of each run of `count` positions of a line, which lie along the third axis. */
function segmentDeviation(lines: tf.Tensor4D, count: number): tf.Tensor4D {
  const ones = tf.ones<tf.Rank.R4>([1, count, lines.shape[3], 1]);
  const sums = (x: tf.Tensor4D) => tf.depthwiseConv2d(x, ones, 1, 'valid');
  const squares = tf.sub(sums(tf.square(lines)), tf.div(tf.square(sums(lines)), count));
  return tf.sqrt(tf.add(tf.div(tf.relu(squares), count - 1), epsilon));
}
