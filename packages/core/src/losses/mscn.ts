import * as tf from '@tensorflow/tfjs-core';
import { greyWeights } from '../metrics/grey.ts';
import { type Border, mscnWindow } from '../metrics/mscn.ts';

const reach = (mscnWindow.length - 1) / 2;

// Keeps the slope of a square root finite where nothing varies; 1e-4 grey levels of 255.
const epsilon = 1e-8;

/** Luma of BT.601, 0..255, of RGB images in 0..1, shape [batch, height, width, 3]; not rounded, so that it has slopes. */
export function greyLevels(images: tf.Tensor4D): tf.Tensor3D {
  return tf.tidy(() => tf.sum(tf.mul(images, tf.tensor1d(greyWeights.map((weight) => 255 * weight))), -1));
}

/**
 * Mean-subtracted contrast-normalised coefficients of grey images, as the metric's `mscn` computes them, with
 * finite slopes everywhere, flat parts included.
 *
 * The deviation is summed from differences to the mean, along rows and then columns, by the law of total variance: the
 * difference of two large moments would lose it in single precision.
 * @param grey 0..255, shape [batch, height, width].
 * @returns the same shape.
 */
export function mscnMap(grey: tf.Tensor3D, border: Border): tf.Tensor3D {
  return tf.tidy(() => {
    const across = moments(bordered(bordered(grey, 1, border), 2, border), 2);
    const down = moments(across.mean, 1);
    const variance = tf.add(down.variance, moments(across.variance, 1).mean);
    return tf.div(tf.sub(grey, down.mean), tf.add(tf.sqrt(tf.add(variance, epsilon)), 1));
  });
}

/**
 * Products of each coefficient with its neighbours on the left, above, above left and below left, wrapping around at the
 * border, as BRISQUE takes them.
 * @param map shape [batch, height, width].
 * @returns shape [batch, 4, height, width].
 */
export function neighbourProducts(map: tf.Tensor3D): tf.Tensor4D {
  return tf.tidy(() => {
    const beside = rolled(map, 2, 1);
    const neighbours = [beside, rolled(map, 1, 1), rolled(beside, 1, 1), rolled(beside, 1, -1)];
    return tf.stack(
      neighbours.map((neighbour) => tf.mul(map, neighbour)),
      1,
    ) as tf.Tensor4D;
  });
}

/**
 * The 18 quantities that BRISQUE's features at one scale are functions of, short of the tables that turn ratios into
 * shapes: `E|m|^2 / E m^2` and `E m^2` of the coefficients; then for the four products the corrected ratio `R`, the
 * difference of right and left deviation, and both variances. Of a map that is 0 throughout, they are 0.
 *
 * How many products are negative is counted, not differentiated: the count is constant but where a product changes
 * sign, and there it weighs 1 / pixels.
 * @param map `mscnMap`, shape [batch, height, width].
 * @returns shape [batch, 18].
 */
export function sceneMoments(map: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => {
    const products = neighbourProducts(map);
    const mean = (values: tf.Tensor) => tf.mean(values, [-2, -1]);
    const side = (sign: 1 | -1) => {
      const signed = tf.mul(products, sign);
      const share = mean(tf.step(signed));
      const variance = tf.div(mean(tf.square(tf.relu(signed))), tf.maximum(share, epsilon));
      return { variance, deviation: tf.sqrt(tf.add(variance, epsilon)) };
    };
    const ratio = (values: tf.Tensor) =>
      tf.div(tf.square(mean(tf.abs(values))), tf.add(mean(tf.square(values)), epsilon));
    const [left, right] = [side(-1), side(1)];
    const g = tf.div(left.deviation, right.deviation);
    const skew = tf.div(
      tf.mul(tf.add(tf.mul(g, tf.square(g)), 1), tf.add(g, 1)),
      tf.square(tf.add(tf.square(g), 1)),
    );
    const rows = [
      tf.mul(ratio(products), skew),
      tf.sub(right.deviation, left.deviation),
      left.variance,
      right.variance,
    ];
    const whole = [ratio(map), mean(tf.square(map))];
    return tf.concat(
      [tf.stack(whole, -1), tf.reshape(tf.stack(rows, -1), [map.shape[0], 16])],
      -1,
    ) as tf.Tensor2D;
  });
}

/** `reach` more rows (axis 1) or columns (axis 2) on either side. */
function bordered(images: tf.Tensor3D, axis: 1 | 2, border: Border): tf.Tensor3D {
  const last = images.shape[axis]! - 1;
  const edge = (at: number) => {
    const begin = [0, 0, 0];
    const size = [...images.shape];
    begin[axis] = at;
    size[axis] = 1;
    const line = tf.slice(images, begin, size);
    return border === 'zero' ? tf.zerosLike(line) : line;
  };
  const lines = (at: number) => Array.from({ length: reach }, () => edge(at));
  return tf.concat([...lines(0), images, ...lines(last)], axis) as tf.Tensor3D;
}

/** Mean and variance under the window along an axis, where the window lies inside. */
function moments(images: tf.Tensor3D, axis: 1 | 2): { mean: tf.Tensor3D; variance: tf.Tensor3D } {
  const size = [...images.shape];
  size[axis]! -= 2 * reach;
  const shifted = Array.from(mscnWindow, (_, shift) => {
    const begin = [0, 0, 0];
    begin[axis] = shift;
    return tf.slice(images, begin, size);
  });
  const weighed = (values: tf.Tensor3D[]) =>
    tf.addN(values.map((value, k) => tf.mul<tf.Tensor3D>(value, mscnWindow[k]!)));
  const mean = weighed(shifted);
  return { mean, variance: weighed(shifted.map((value) => tf.squaredDifference<tf.Tensor3D>(value, mean))) };
}

/** Everything moved one place towards higher (1) or lower (-1) indices of an axis; what falls off comes in again. */
function rolled(images: tf.Tensor3D, axis: 1 | 2, by: 1 | -1): tf.Tensor3D {
  const length = images.shape[axis]!;
  const split = by === 1 ? length - 1 : 1;
  const [before, after] = tf.split(images, [split, length - split], axis) as [tf.Tensor3D, tf.Tensor3D];
  return tf.concat([after, before], axis) as tf.Tensor3D;
}
