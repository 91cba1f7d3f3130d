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
  const [scalars, gradients] = tf.tidy(() => {
    const weights = parameters.upload(student.weights);
    const loss = method.loss({ graph, weights }, teachers, batch);
    const scalars: Record<string, tf.Scalar> = {};
    const recorded = () => {
      const { total, parts } = loss();
      for (const [name, part] of Object.entries(parts)) scalars[name] = tf.keep(tf.clone(part));
      return total;
    };
    const { value, grads } = tf.valueAndGrads(recorded)(parameters.slots.map(({ name }) => weights[name]!));
    scalars.loss = tf.keep(value as tf.Scalar);
    return [scalars, grads];
  });
  await parameters.download(gradients, gradient);
  const values: Record<string, number> = {};
  for (const [name, scalar] of Object.entries(scalars)) {
    values[name] = (await scalar.data())[0]!;
    scalar.dispose();
  }
  return values;
}
