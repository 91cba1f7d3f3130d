import type { Graph } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Method, Network } from '../methods/index.ts';
import type { Parameters } from '../parameters.ts';

/**
 * The loss of a batch and its gradient with respect to the student's weights and the method's auxiliaries.
 *
 * @param student its graph, and all that is trained: `weights`, flat, as `parameters` lays them out
 * @param teachers the recipe's, then the method's own
 * @param gradient filled in place, laid out like `weights`
 * @returns `loss` and the named parts it was added up from
 */
export async function lossAndGradient(
  method: Method,
  student: { graph: Graph; parameters: Parameters; weights: Float32Array },
  teachers: readonly Network[],
  batch: Batch,
  gradient: Float32Array,
): Promise<Record<string, number>> {
  const { graph, parameters } = student;
  const names = ['loss'];
  // Read in one piece: each time that a GPU is waited for costs as much as much of a step.
  const answer = tf.tidy(() => {
    const weights = parameters.upload(student.weights);
    const loss = method.loss({ graph, weights }, teachers, batch);
    const scalars: tf.Scalar[] = [];
    const recorded = () => {
      const { total, parts } = loss();
      for (const [name, part] of Object.entries(parts)) {
        names.push(name);
        scalars.push(tf.keep(tf.clone(part)));
      }
      return total;
    };
    const { value, grads } = tf.valueAndGrads(recorded)(parameters.slots.map(({ name }) => weights[name]!));
    const all = tf.concat([value, ...scalars, ...grads].map((tensor) => tf.reshape(tensor, [-1])));
    tf.dispose(scalars);
    return all;
  });
  const values = await answer.data();
  answer.dispose();
  gradient.set(values.subarray(names.length));
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
}
