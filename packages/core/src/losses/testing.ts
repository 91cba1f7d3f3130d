import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../random.ts';

/**
 * How far the slope of `value` along random directions is from its central difference, relative to the largest: the
 * greatest of eight directions.
 */
export function slopeError(value: (at: tf.Tensor3D) => tf.Scalar, at: tf.Tensor3D, step: number): number {
  const slopes = tf.grad((x) => value(x as tf.Tensor3D))(at);
  const random = new Random(7);
  const pairs = Array.from({ length: 8 }, () => {
    // One direction for each pixel apart, so that no error hides in a sum.
    const pixels = Float32Array.from({ length: at.size }, () => (random.next() < 0.02 ? 1 : 0));
    const direction = tf.tensor(pixels, at.shape) as tf.Tensor3D;
    const ahead = value(tf.add(at, tf.mul(direction, step))).dataSync()[0]!;
    const behind = value(tf.sub(at, tf.mul(direction, step))).dataSync()[0]!;
    return {
      slope: tf.sum(tf.mul(slopes, direction)).dataSync()[0]!,
      difference: (ahead - behind) / (2 * step),
    };
  });
  const largest = Math.max(...pairs.map(({ difference }) => Math.abs(difference)));
  return Math.max(...pairs.map(({ slope, difference }) => Math.abs(slope - difference))) / largest;
}
