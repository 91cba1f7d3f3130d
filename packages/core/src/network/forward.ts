import type * as tf from '@tensorflow/tfjs-core';
import { PellucidError } from '../errors.ts';
import { type Conditions, expectAligned, type Graph } from './graph.ts';
import { opOf } from './ops/index.ts';

/** Weights on the engine, by the names that `weightsOf` lists. */
export type WeightTensors = Record<string, tf.Tensor>;

/**
 * Runs a network for training: every step is recorded for the gradient, and named features can be read off.
 *
 * @param input NHWC, RGB 0..1, height and width multiples of `graph.alignment`; any other is a PellucidError `network/not-aligned`
 * @param taps names out of `graph.taps`; an unknown one is a PellucidError `network/unknown-tap` that lists them
 */
export function forward<T extends string = never>(
  graph: Graph,
  weights: WeightTensors,
  input: tf.Tensor4D,
  taps: readonly T[] = [],
  conditions: Conditions = {},
): { output: tf.Tensor4D; taps: Record<T, tf.Tensor4D> } {
  expectAligned(graph, input.shape);
  const features: tf.Tensor4D[] = [];
  for (const node of graph.nodes) {
    const inputs = node.op === 'input' ? [input] : node.inputs.map((index) => features[index]!);
    features.push(opOf(node).run(node, inputs, weights, conditions));
  }
  const tapped = {} as Record<T, tf.Tensor4D>;
  for (const name of taps) {
    const index = graph.taps[name];
    if (index === undefined)
      throw new PellucidError(
        'network/unknown-tap',
        `The network has no tap named "${name}"; it has ${Object.keys(graph.taps).join(', ')}.`,
      );
    tapped[name] = features[index]!;
  }
  return { output: features[graph.output]!, taps: tapped };
}

/**
 * Runs a network for training with features of others in the place of its own at named taps: cascades another network
 * into it. What the output does not need beside them is not computed.
 */
export function forwardFrom(
  graph: Graph,
  weights: WeightTensors,
  input: tf.Tensor4D,
  given: Record<string, tf.Tensor4D>,
  conditions: Conditions = {},
): tf.Tensor4D {
  const features: (tf.Tensor4D | undefined)[] = [];
  for (const [tap, feature] of Object.entries(given)) features[graph.taps[tap]!] = feature;
  const needed = new Set([graph.output]);
  for (let index = graph.output; index >= 0; index--)
    if (needed.has(index) && !features[index])
      for (const read of graph.nodes[index]!.inputs) needed.add(read);
  for (const [index, node] of graph.nodes.entries()) {
    if (!needed.has(index) || features[index]) continue;
    const inputs = node.op === 'input' ? [input] : node.inputs.map((from) => features[from]!);
    features[index] = opOf(node).run(node, inputs, weights, conditions);
  }
  return features[graph.output]!;
}
