import type { Graph } from '@pellucid/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A network with its weights on the engine, for core's `forward`, which also reads features off named taps. */
export interface Network {
  graph: Graph;
  weights: Record<string, tf.Tensor>;
}

/** Patches on the engine, NHWC, RGB 0..1. */
export interface Batch {
  degraded: tf.Tensor4D;
  clean: tf.Tensor4D;
}

/** What to minimise, and the named parts it was added up from, unweighted, for the log. */
export interface Loss {
  total: tf.Scalar;
  parts: Record<string, tf.Scalar>;
}

/**
 * A way to train a student on one batch.
 *
 * A method works in two moments. When called, it asks the teacher whatever it needs to know: that is not recorded
 * for the gradient, for the teacher stays as it is. The function it returns is recorded, and differentiated with
 * respect to the student's weights.
 */
export type Method = (student: Network, teacher: Network | undefined, batch: Batch) => () => Loss;
