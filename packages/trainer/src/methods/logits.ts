import { forward } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { ask } from './ask.ts';
import type { Method } from './method.ts';

/**
 * Output distillation: the student follows the clean patch and, `weight` times, the teacher's restored patch, by one
 * distance d, the recipe's `loss`.
 *
 *     L = d(S(x), y) + weight d(S(x), T(x))
 *
 * The form of Hinton, Vinyals and Dean (2015) for regression: a restored image takes the place of the class scores,
 * so there is no temperature.
 */
export function logits({ weight }: { weight: number }): Method {
  return {
    auxiliaries: [],
    loss(student, [teacher], batch) {
      const taught = ask(teacher!, 'degraded', batch).output;
      return () => {
        const restored = forward(student.graph, student.weights, batch.degraded).output;
        const pixel = batch.distance(restored, batch.clean);
        const imitation = batch.distance(restored, taught);
        return {
          total: tf.add(pixel, tf.mul(imitation, weight)),
          parts: { l_pixel: pixel, l_teacher: imitation },
        };
      };
    },
  };
}
