/**
 * SKD: Zhang and Yan, Soft Knowledge Distillation with Multi-Dimensional Cross-Net Attention for Image Restoration Models
 * Compression (arXiv 2501.09321).
 *
 * The paper's, as far as it could be read: the student's features attend to the teacher's across channels and across
 * positions; a Gaussian kernel compares the features, before and after, with the teacher's; an image-level contrastive
 * term; and the sum of it all.
 *
 * Ours: features are brought to the teacher's width by a trained 1x1 convolution, and both are taken to unit length
 * (at each position, or in each channel, whichever the attention compares) so that the attention needs no other
 * temperature than the one below; the squared distance in the kernel is a mean over values in units of the teacher's mean
 * square, so that it saturates at no size; the contrastive term is the L1 to the teacher's output over the L1 to the
 * degraded patch, without another network's features; features of more than 256 positions are averaged over squares
 * first; and every weight.
 */
import { blockMean, type Graph, l1 } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { conversionWeights, convert } from './conversion.ts';
import type { Batch, Method } from './method.ts';
import {
  bytesCompared,
  bytesOfAffinities,
  pairTaps,
  runStudent,
  runTeacher,
  type TapNames,
} from './pairs.ts';

export interface SkdSettings {
  taps?: TapNames[] | undefined;
  /** Of the Gaussian kernels (the paper's alpha 2), of the attended ones among them (alpha 1), and of the contrast. */
  weights: { kernel: number; attended: number; contrast: number };
}

const mostPositions = 256;

/** What cosines are divided by before the softmax. */
const temperature = 0.1;

/**
 *     L = |S(x) - y| + kernel mean over pairs (GK(s, t) + attended (GK(s_c, t) + GK(s_p, t))) + contrast L_CL
 *     s_c = softmax(t s^T / temperature) s over channels,   s_p = s softmax(t^T s / temperature) over positions
 *     GK(a, b) = 1 - exp(-mean (a - b)^2 / (2 mean b^2)),   L_CL = |S(x) - T(x)| / (|S(x) - x| + 0.01)
 *
 * of converted features s and the teacher's t.
 */
export function skd({ taps, weights }: SkdSettings, student: Graph, teacher: Graph): Method {
  const pairs = pairTaps(student, teacher, taps);
  return {
    auxiliaries: pairs.flatMap(conversionWeights),
    held: (...size) =>
      7 * bytesCompared(pairs, ...size) + 21 * bytesOfAffinities(pairs, mostPositions, ...size),
    loss(student, [teacher], batch) {
      const { output: taught, features } = runTeacher(teacher!, 'degraded', batch, pairs);
      const wanted = features.map(rows);
      return () => {
        const { output, features } = runStudent(student, batch, pairs);
        const pixel = batch.distance(output, batch.clean);
        const kernels = pairs.map((pair, i) => {
          const [s, t] = [rows(convert(features[i]!, pair, student.weights)), wanted[i]!];
          const attended = tf.add(
            gaussianKernel(acrossChannels(s, t), t),
            gaussianKernel(acrossPositions(s, t), t),
          );
          return tf.add<tf.Scalar>(gaussianKernel(s, t), tf.mul(attended, weights.attended));
        });
        const kernel = tf.div<tf.Scalar>(tf.addN(kernels), pairs.length);
        const contrast = tf.div<tf.Scalar>(l1(output, taught), tf.add(l1(output, photograph(batch)), 0.01));
        return {
          total: tf.add<tf.Scalar>(
            pixel,
            tf.add(tf.mul(kernel, weights.kernel), tf.mul(contrast, weights.contrast)),
          ),
          parts: { l_pixel: pixel, l_kernel: kernel, l_contrast: contrast },
        };
      };
    },
  };
}

/** The degraded photograph itself: of the images that a student sees, the last. */
function photograph({ degraded }: Batch): tf.Tensor4D {
  return tf.slice(degraded, [0, 0, 0, degraded.shape[3] - 3], [-1, -1, -1, 3]);
}

/** A feature as [batch, positions, channels]. */
function rows(feature: tf.Tensor4D): tf.Tensor3D {
  const [, height, width] = feature.shape;
  const pooled = blockMean(feature, Math.ceil(Math.sqrt((height * width) / mostPositions)));
  const [n, h, w, c] = pooled.shape;
  return tf.reshape(pooled, [n, h * w, c]);
}

/** What each channel of the teacher finds alike among the student's channels. Both are [batch, positions, channels]. */
export function acrossChannels(s: tf.Tensor3D, t: tf.Tensor3D): tf.Tensor3D {
  const [of, to] = [unit(s, 1), unit(t, 1)];
  const alike = tf.matMul(tf.transpose(to, [0, 2, 1]), of);
  const attention = tf.softmax(tf.div<tf.Tensor3D>(alike, temperature));
  return tf.matMul(s, tf.transpose(attention, [0, 2, 1]));
}

/** What each position of the teacher finds alike among the student's positions. */
export function acrossPositions(s: tf.Tensor3D, t: tf.Tensor3D): tf.Tensor3D {
  const [of, to] = [unit(s, 2), unit(t, 2)];
  const alike = tf.matMul(to, tf.transpose(of, [0, 2, 1]));
  return tf.matMul(tf.softmax(tf.div<tf.Tensor3D>(alike, temperature)), s);
}

function unit(x: tf.Tensor3D, axis: 1 | 2): tf.Tensor3D {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), axis, true), 1e-12)));
}

/** 0 where both agree, near 1 where they are far apart. */
export function gaussianKernel(a: tf.Tensor3D, b: tf.Tensor3D): tf.Scalar {
  const distance = tf.div(tf.mean(tf.square(tf.sub(a, b))), tf.add(tf.mul(2, tf.mean(tf.square(b))), 1e-12));
  return tf.sub(1, tf.exp(tf.neg(distance)));
}
