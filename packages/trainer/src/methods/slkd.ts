/**
 * SLKD: Zhang and Yan, Knowledge Distillation for Image Restoration: Simultaneous Learning from Degraded and Clean Images,
 * ICASSP 2025 (arXiv 2501.09268).
 *
 * The paper's: two teachers teach at once. Teacher A sees the degraded image and teaches the student's encoder, compared
 * through a "BRISQUE extractor" (L_NC); teacher B sees the clean image and teaches the decoder, through a "PIQE
 * extractor" (L_ET); a scale conversion module brings features into one space; at the image level an L1 and a
 * Kullback-Leibler term act together; three trade-off weights are 0.5, 0.1 and 0.1 (in its extension, Drones 9(3), 2025).
 *
 * Ours, since there is no public code and the equations were not at hand: the extractors' formulas and the L1 between
 * what they extract (core's `feature-statistics.ts`), the module (a 1x1 convolution for each pair of levels, and the
 * mean over squares where strides differ), which levels are compared (all, paired by stride), the divergence's axis
 * and temperature, which weight belongs to which term, and teacher B being the same network unless the recipe says
 * otherwise. Results are not to be compared with the paper's tables.
 */
import {
  contrastNormalised,
  edgeStatistics,
  type Graph,
  l1,
  naturalStatistics,
  PellucidError,
  positionDivergence,
} from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { conversionWeights, convert } from './conversion.ts';
import type { Batch, Method } from './method.ts';
import { bytesCompared, type Pair, pairLevels, runStudent, runTeacher } from './pairs.ts';

export interface SlkdSettings {
  weights: { image: number; nc: number; et: number };
  extractors: { nc: 'brisque' | 'none'; et: 'piqe' | 'none' };
}

/**
 * For the softmax over positions at the image level. At 1 the distributions of values of 0..1 are all but uniform, and the
 * divergence is half a mean square error; far below, the highlights alone would count.
 */
const temperature = 0.25;

/**
 * What both feature terms are multiplied by. At full size, the paper's weights of 0.1 let them outweigh the pixels: the
 * statistics are of the order of 1, where the pixels' differences are hundredths.
 */
const statisticsScale = 0.1;

/** PIQE's blocks cover 16 pixels of the photograph; at the coarser levels no fewer than 4 positions. */
const blockOf = ({ stride }: Pair) => Math.max(4, Math.round(16 / stride));

/**
 *     L = |S(x) - y| + image (|S(x) - A(x)| + KL(A(x) || S(x))) + nc L_NC + et L_ET
 *     L_NC = 0.1 mean over encoder levels |N(c(S_l(x))) - N(A_l(x))|
 *     L_ET = 0.1 mean over decoder levels |E(c(S_l(x))) - E(B_l(y))|
 *
 * with the statistics N and E of contrast-normalised features (or the features themselves, for an extractor `none`) and
 * the conversion c. A term of weight 0 is not computed,
 * nor a teacher that only it would ask.
 *
 * @param teachers teacher A, and teacher B where it is another network
 */
export function slkd(
  { weights, extractors }: SlkdSettings,
  student: Graph,
  teachers: readonly Graph[],
): Method {
  const [teacherA, teacherB = teacherA] = teachers as [Graph, Graph?];
  const encoder = weights.nc > 0 ? pairLevels(student, teacherA, 'encoder') : [];
  const decoder = weights.et > 0 ? pairLevels(student, teacherB, 'decoder') : [];
  const pairs = [...encoder, ...decoder];
  const natural = (feature: tf.Tensor4D) =>
    extractors.nc === 'none' ? [feature] : [naturalStatistics(contrastNormalised(feature))];
  const edges = (feature: tf.Tensor4D, pair: Pair) =>
    extractors.et === 'none'
      ? [feature]
      : Object.values(edgeStatistics(contrastNormalised(feature), blockOf(pair)));

  return {
    auxiliaries: pairs.flatMap(conversionWeights),
    held: (...size) => 19 * bytesCompared(pairs, ...size),
    loss(student, [teacherA, teacherB = teacherA], batch) {
      refuseSmallPatches(pairs, batch);
      const taughtByA =
        weights.image > 0 || weights.nc > 0
          ? tf.tidy(() => {
              const run = runTeacher(teacherA!, 'degraded', batch, encoder);
              return { output: run.output, statistics: run.features.map(natural) };
            })
          : undefined;
      const taughtByB =
        weights.et > 0
          ? tf.tidy(() => {
              const run = runTeacher(teacherB!, 'clean', batch, decoder);
              return run.features.map((feature, i) => edges(feature, decoder[i]!));
            })
          : undefined;

      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const converted = pairs.map((pair, i) => convert(features[i]!, pair, student.weights));
        const parts: Record<string, tf.Scalar> = { l_pixel: batch.distance(output, batch.clean) };
        let total = parts.l_pixel!;
        const add = (name: string, weight: number, part: tf.Scalar) => {
          parts[name] = part;
          total = tf.add(total, tf.mul(part, weight));
        };
        if (weights.image > 0) {
          const taught = taughtByA!.output;
          add(
            'l_image',
            weights.image,
            tf.add(l1(output, taught), positionDivergence(output, taught, temperature)),
          );
        }
        if (weights.nc > 0) {
          const learnt = converted.slice(0, encoder.length).map(natural);
          add('l_nc', weights.nc, distance(learnt, taughtByA!.statistics));
        }
        if (weights.et > 0) {
          const learnt = converted.slice(encoder.length).map((feature, i) => edges(feature, decoder[i]!));
          add('l_et', weights.et, distance(learnt, taughtByB!));
        }
        return { total, parts };
      };
    },
  };
}

/** The mean over levels of the mean over statistics of their mean absolute difference, scaled. */
function distance(learnt: tf.Tensor[][], taught: tf.Tensor[][]): tf.Scalar {
  const means = learnt.flatMap((level, i) =>
    level.map((statistic, j) =>
      tf.mul(l1(statistic, taught[i]![j]!), statisticsScale / (level.length * learnt.length)),
    ),
  );
  return tf.addN(means) as tf.Scalar;
}

function refuseSmallPatches(pairs: readonly Pair[], { clean }: Batch): void {
  const smallest = 2 * Math.max(1, ...pairs.map(({ stride }) => stride));
  const side = Math.min(clean.shape[1], clean.shape[2]);
  if (side >= smallest) return;
  throw new PellucidError(
    'train/patch-size',
    `The method slkd compares features with their neighbours and needs patches of ${smallest} pixels a side: raise data.patch.`,
  );
}
