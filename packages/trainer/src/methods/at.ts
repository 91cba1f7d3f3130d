import type { Graph } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Method } from './method.ts';
import { bytesCompared, pairTaps, runStudent, runTeacher, type TapNames } from './pairs.ts';

/**
 * Attention transfer: Zagoruyko and Komodakis, Paying More Attention to Attention, ICLR 2017, activation-based. Where the
 * student's features are strong follows where the teacher's are; widths need not agree.
 *
 *     L = |S(x) - y| + weight sum over pairs ||Q_S / ||Q_S|| - Q_T / ||Q_T||||^2,   Q = sum over channels A_c^2
 *
 * The distance is squared, so that it has a slope where both agree; the paper's equation 2 has the norm itself. Averaged
 * over patches.
 */
export function at(
  { taps, weight }: { taps?: TapNames[] | undefined; weight: number },
  student: Graph,
  teacher: Graph,
): Method {
  const pairs = pairTaps(student, teacher, taps);
  return {
    auxiliaries: [],
    held: (...size) => 2.5 * bytesCompared(pairs, ...size),
    loss(student, [teacher], batch) {
      const wanted = tf.tidy(() => runTeacher(teacher!, 'degraded', batch, pairs).features.map(attentionMap));
      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const pixel = batch.distance(output, batch.clean);
        const distances = features.map((feature, i) =>
          tf.mean(tf.sum(tf.squaredDifference(attentionMap(feature), wanted[i]!), 1)),
        );
        const attention = tf.addN(distances) as tf.Scalar;
        return {
          total: tf.add(pixel, tf.mul(attention, weight)),
          parts: { l_pixel: pixel, l_attention: attention },
        };
      };
    },
  };
}

/** The sum of squares over channels, as one vector for each image, of length 1; 0 where a feature is 0 throughout. */
export function attentionMap(feature: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const map = tf.reshape(tf.sum(tf.square(feature), -1), [feature.shape[0], -1]);
    const norm = tf.sqrt(tf.add(tf.sum(tf.square(map), 1, true), 1e-12));
    return tf.div(map, norm) as tf.Tensor2D;
  });
}
