import type { Graph } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { conversionWeights, convert } from './conversion.ts';
import type { Method } from './method.ts';
import { bytesCompared, pairTaps, runStudent, runTeacher, type TapNames } from './pairs.ts';

/**
 * FitNets: Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015. The student's features, through a trained
 * regressor r, follow the teacher's (its equation 3):
 *
 *     L = |S(x) - y| + weight 1/2 ||r(S_guided(x)) - T_hint(x)||^2
 *
 * The squares are averaged over values and pairs rather than summed, so that the weight means the same at every size. The
 * paper has one pair, regressed by a small convolution, in a stage before the student's own training; here the regressor
 * is 1x1, both terms are trained at once, and there may be several pairs.
 */
export function fitnet(
  { taps, weight }: { taps?: TapNames[] | undefined; weight: number },
  student: Graph,
  teacher: Graph,
): Method {
  const pairs = pairTaps(student, teacher, taps);
  return {
    auxiliaries: pairs.flatMap(conversionWeights),
    held: (...size) => 6.5 * bytesCompared(pairs, ...size),
    loss(student, [teacher], batch) {
      const hints = runTeacher(teacher!, 'degraded', batch, pairs).features;
      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const pixel = batch.distance(output, batch.clean);
        const distances = pairs.map((pair, i) => {
          const guided = convert(features[i]!, pair, student.weights);
          return tf.div(tf.mean(tf.squaredDifference(guided, hints[i]!)), 2 * pairs.length);
        });
        const hint = tf.addN(distances) as tf.Scalar;
        return { total: tf.add(pixel, tf.mul(hint, weight)), parts: { l_pixel: pixel, l_hint: hint } };
      };
    },
  };
}
