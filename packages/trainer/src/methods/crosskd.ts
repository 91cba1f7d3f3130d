import { forwardFrom, type Graph, PellucidError, trainingMemory } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { conversionWeights, convert } from './conversion.ts';
import type { Method } from './method.ts';
import { pairStages, pairTaps, runStudent, type TapNames } from './pairs.ts';

/**
 * Cross distillation: Fang et al., Cross Knowledge Distillation for Image Super-Resolution, 2022 (Dual Cross Knowledge
 * Distillation for Image Super-Resolution, 2023). The student is cascaded into the teacher: its features, at the teacher's
 * width, go through the rest of the teacher, whose trained layers say what they are worth.
 *
 *     L = |S(x) - y| + weight mean over pairs |T_rest(c(S_i(x))) - y|,   c a trained 1x1 convolution
 *
 * The abstract alone could be read. Ours: which features (those after half of each network's layers, unless `taps` names
 * others), the conversion, the clean patch as what the cascade follows, and the weight.
 */
export function crosskd(
  { taps, weight }: { taps?: TapNames[] | undefined; weight: number },
  student: Graph,
  teacher: Graph,
): Method {
  const stages = 'head' in student.taps && 'head' in teacher.taps;
  const pairs = !taps && stages ? pairStages(student, teacher, [1 / 2]) : pairTaps(student, teacher, taps);
  for (const pair of pairs) refuseOtherSizes(pair);
  return {
    auxiliaries: pairs.flatMap(conversionWeights),
    // The rest of the teacher runs inside the gradient.
    held: (patches, height, width) => trainingMemory(teacher, patches * height * width),
    loss(student, [teacher], batch) {
      const { graph, weights } = teacher!;
      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const pixel = batch.distance(output, batch.clean);
        const distances = pairs.map((pair, i) => {
          const given = { [pair.teacher]: convert(features[i]!, pair, student.weights) };
          const crossed = forwardFrom(graph, weights, batch.degraded, given, batch.conditions);
          return tf.div(batch.distance(crossed, batch.clean), pairs.length);
        });
        const cross = tf.addN(distances) as tf.Scalar;
        return { total: tf.add(pixel, tf.mul(cross, weight)), parts: { l_pixel: pixel, l_cross: cross } };
      };
    },
  };
}

/** A feature that was averaged over squares does not fit into the teacher. */
function refuseOtherSizes({ student, teacher, block }: ReturnType<typeof pairTaps>[number]): void {
  if (block.student === 1 && block.teacher === 1) return;
  throw new PellucidError(
    'method/scales',
    `method.taps: the student's ${student} and the teacher's ${teacher} differ in size, and the method crosskd puts one in the place of the other: take taps of one size.`,
  );
}
