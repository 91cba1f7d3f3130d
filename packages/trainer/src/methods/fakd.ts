import { blockMean, type Graph, l1 } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Method } from './method.ts';
import { bytesOfAffinities, pairTaps, runStudent, runTeacher, type TapNames } from './pairs.ts';

/** An affinity of 1024 positions is 4 MiB an image. */
const mostPositions = 1024;

/**
 * Feature affinity: He et al., FAKD: Feature-Affinity Based Knowledge Distillation for Efficient Image Super-Resolution,
 * ICIP 2020. How alike any two positions are in the student follows how alike they are in the teacher; widths need not
 * agree.
 *
 *     L = |S(x) - y| + weight sum over pairs mean |A_S - A_T|,   A = F~ F~^T,   F~ = each position's channels over their norm
 *
 * The whole affinity term has a gradient. The paper's objective follows the teacher's output too; here the affinity alone
 * is added. Ours as well: features of more than 1024 positions are averaged over squares first (see `affinity`).
 */
export function fakd(
  { taps, weight }: { taps?: TapNames[] | undefined; weight: number },
  student: Graph,
  teacher: Graph,
): Method {
  const pairs = pairTaps(student, teacher, taps);
  return {
    auxiliaries: [],
    held: (...size) => 7 * bytesOfAffinities(pairs, mostPositions, ...size),
    loss(student, [teacher], batch) {
      const wanted = tf.tidy(() => runTeacher(teacher!, 'degraded', batch, pairs).features.map(affinity));
      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const pixel = batch.distance(output, batch.clean);
        const alike = tf.addN(features.map((feature, i) => l1(affinity(feature), wanted[i]!))) as tf.Scalar;
        return {
          total: tf.add(pixel, tf.mul(alike, weight)),
          parts: { l_pixel: pixel, l_affinity: alike },
        };
      };
    },
  };
}

/**
 * The cosine between the channels of any two positions of an image, shape [batch, positions, positions]. A matrix of all
 * pairs grows with the fourth power of the side, so a feature of more than 1024 positions is first averaged over the
 * smallest squares that leave no more.
 */
export function affinity(feature: tf.Tensor4D): tf.Tensor3D {
  return tf.tidy(() => {
    const [, height, width] = feature.shape;
    const pooled = blockMean(feature, Math.ceil(Math.sqrt((height * width) / mostPositions)));
    const [n, h, w, c] = pooled.shape;
    const rows = tf.reshape(pooled, [n, h * w, c]);
    const norm = tf.sqrt(tf.add(tf.sum(tf.square(rows), -1, true), 1e-12));
    const unit = tf.div<tf.Tensor3D>(rows, norm);
    return tf.matMul(unit, tf.transpose(unit, [0, 2, 1]));
  });
}
