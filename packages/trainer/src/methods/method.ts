import type { Conditions, Graph, Weight } from '@pellucid/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { OpenGraphModel } from '../graph-model-teacher.ts';
import type { Fingerprints, TeacherCache } from '../teacher-cache.ts';

/** A network with its weights on the engine, for core's `forward`, which also reads features off named taps. */
export interface Network {
  graph: Graph;
  /** By name. The student's has the method's auxiliaries among them. */
  weights: Record<string, tf.Tensor>;
  /** What computes a teacher's output, where only that is known; its graph then has no taps and no weights. */
  graphModel?: OpenGraphModel | undefined;
  /** A teacher's answers to the patches that it has seen before. */
  cache?: TeacherCache | undefined;
}

/** Patches on the engine, NHWC, RGB 0..1. */
export interface Batch {
  degraded: tf.Tensor4D;
  clean: tf.Tensor4D;
  /** How far restored patches are from those they should be, by the recipe's `loss`: |S(x) - y| in the methods' equations. */
  distance: (restored: tf.Tensor4D, wanted: tf.Tensor4D) => tf.Scalar;
  /** What a teacher that is told the noise level is told of each degraded patch, where it is known. */
  conditions?: Conditions;
  /** What a cached answer to each patch is found by. */
  fingerprints?: Fingerprints | undefined;
}

/** What to minimise, and the named parts it was added up from, unweighted, for the log. */
export interface Loss {
  total: tf.Scalar;
  parts: Record<string, tf.Scalar>;
}

/** A way to train a student on one batch. */
export interface Method {
  /**
   * Weights of the method's own, such as a regressor between features of different width. They are trained, averaged and
   * saved in checkpoints as the student's are, and are not in the released model.
   */
  auxiliaries: readonly Weight[];
  /** What the side of a clean patch must be a multiple of; any that the networks take unless given. */
  patchMultiple?: number;
  /**
   * Bytes that a step holds beside the networks' own features, on so many patches of a size in pixels: what it compares,
   * and what their gradients need. As measured on the wasm backend; nothing unless given.
   */
  held?(patches: number, height: number, width: number): number;
  /**
   * Works in two moments. When called, it asks the teachers whatever it needs to know: that is not recorded for the
   * gradient, for they stay as they are. The function it returns is recorded, and differentiated with respect to the
   * student's weights and the auxiliaries.
   *
   * @param teachers the recipe's teacher, then any that the method names itself
   */
  loss(student: Network, teachers: readonly Network[], batch: Batch): () => Loss;
}
