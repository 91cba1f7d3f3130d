import type { Weight } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Pair } from './pairs.ts';

/**
 * The 1x1 convolution that takes the student's side of a pair to the teacher's width: FitNets' regressor and the trained
 * half of SLKD's scale conversion module.
 */
export function conversionWeights({ student, teacher, channels }: Pair): Weight[] {
  const name = nameOf({ student, teacher });
  return [
    {
      name: `${name}.weight`,
      shape: [1, 1, channels.student, channels.teacher],
      layout: 'conv',
      deviation: Math.sqrt(1 / channels.student),
    },
    { name: `${name}.bias`, shape: [channels.teacher], layout: 'vector', deviation: 0 },
  ];
}

/** The student's feature at the teacher's width. */
export function convert(feature: tf.Tensor4D, pair: Pair, weights: Record<string, tf.Tensor>): tf.Tensor4D {
  const name = nameOf(pair);
  const filter = weights[`${name}.weight`] as tf.Tensor4D;
  return tf.add(tf.conv2d(feature, filter, 1, 'same'), weights[`${name}.bias`]!);
}

/** No layer of a network has such a name. */
function nameOf({ student, teacher }: Pick<Pair, 'student' | 'teacher'>): string {
  return `method.${student}-${teacher}`;
}
