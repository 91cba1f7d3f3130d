import { dctLoss, forward, l1, waveletLoss } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { ask } from './ask.ts';
import type { Method } from './method.ts';

/** How the student's image is compared with the aggregated one; all but the first are the paper's alternatives to it. */
export const mtkdDistances = ['wavelet', 'wavelet-details', 'dct', 'l1'] as const;

export interface MtkdSettings {
  distance: (typeof mtkdDistances)[number];
  /** Levels of the wavelet transform. */
  levels: number;
  /** Weight of the clean patch. */
  truth: number;
}

/**
 * The second stage of MTKD: Jiang et al., MTKD: Multi-Teacher Knowledge Distillation for Image Super-Resolution, ECCV 2024
 * (arXiv 2404.09571). The student follows the image that an aggregator makes of its teachers' in all bands of a wavelet
 * transform, and, a tenth as much, the clean patch:
 *
 *     L = L_dis(S(x), A(T_1(x), .., T_n(x))) + truth |S(x) - y|,   L_dis = the wavelet loss of core's `losses/wavelet.ts`
 *
 * With the paper, and not with the released configuration, which has an L1 in the place of the wavelet loss and another
 * order of teachers than the aggregator was trained with: here the recipe's order is held against the aggregator's. The
 * authors' students appear to start from trained ones, at a learning rate of 2e-5; a recipe does so with `student.init`.
 *
 * The teacher is what the recipe's `teachers` and `aggregator` make together, or a single `teacher`.
 */
export function mtkd({ distance, levels, truth }: MtkdSettings): Method {
  const distances = {
    wavelet: (a: tf.Tensor4D, b: tf.Tensor4D) => waveletLoss(a, b, { levels }),
    'wavelet-details': (a: tf.Tensor4D, b: tf.Tensor4D) => waveletLoss(a, b, { levels, bands: 'details' }),
    dct: dctLoss,
    l1,
  };
  return {
    auxiliaries: [],
    loss(student, [teacher], batch) {
      const aggregated = ask(teacher!, 'degraded', batch).output;
      return () => {
        const restored = forward(student.graph, student.weights, batch.degraded).output;
        const distilled = distances[distance](restored, aggregated);
        const pixel = batch.distance(restored, batch.clean);
        return {
          total: tf.add(distilled, tf.mul(pixel, truth)),
          parts: { l_distilled: distilled, l_pixel: pixel },
        };
      };
    },
  };
}
