import { forward } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { ask } from './ask.ts';
import type { Method } from './method.ts';

/**
 * The first stage of MTKD: Jiang et al., MTKD: Multi-Teacher Knowledge Distillation for Image Super-Resolution, ECCV 2024
 * (arXiv 2404.09571). What several teachers make of a patch lies side by side, in the order of the recipe's `teachers`, and
 * the student, a network that merges images (DCTSwin in the paper), learns to make the clean patch of it:
 *
 *     L = |A(T_1(x), .., T_n(x)) - y|
 *
 * The released model says whose images it merges and in which order: in the authors' code the second stage's order differs
 * from the first's, which feeds the aggregator what it was not trained on. Left out is the stochastic depth of the
 * authors' training.
 */
export function mtkdAggregate(): Method {
  return {
    auxiliaries: [],
    loss(student, teachers, batch) {
      const images = tf.tidy(() => {
        const outputs = teachers.map((teacher) => ask(teacher, 'degraded', batch).output);
        return tf.concat(outputs, 3);
      });
      return () => {
        const merged = forward(student.graph, student.weights, images).output;
        const pixel = batch.distance(merged, batch.clean);
        return { total: pixel, parts: { l_pixel: pixel } };
      };
    },
  };
}
