import { forward, type Graph } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Network } from './method.ts';

/** Which of a batch's patches a teacher sees. */
export type View = 'degraded' | 'clean';

export interface Answer {
  output: tf.Tensor4D;
  /** Features by the names that were asked for. */
  taps: Record<string, tf.Tensor4D>;
}

/**
 * What a teacher makes of a batch: its output and the features of the named taps. What its cache holds of every patch
 * is taken from there, and what it lacks is put there; both ways give the same values.
 */
export function ask(teacher: Network, view: View, batch: Batch, taps: readonly string[] = []): Answer {
  const fingerprints = batch.fingerprints?.[view];
  const answer = teacher.cache && fingerprints ? recall(teacher, view, batch, taps, fingerprints) : undefined;
  if (answer) return answer;
  const conditions = view === 'clean' ? { noiseLevel: 0 } : batch.conditions;
  const fresh = tf.tidy(() => {
    const patches = asSeen(teacher.graph, batch[view]);
    return teacher.graphModel
      ? { output: teacher.graphModel.run(patches), taps: {} }
      : forward(teacher.graph, teacher.weights, patches, taps, conditions);
  });
  if (fingerprints) remember(teacher, fresh, fingerprints);
  return fresh;
}

/** To a network that sees several images of a photograph a clean one is all of them: what comes before leaves it as it is. */
function asSeen(graph: Graph, patches: tf.Tensor4D): tf.Tensor4D {
  const images = graph.nodes[0]!.channels / patches.shape[3];
  return images === 1 ? patches : tf.tile(patches, [1, 1, 1, images]);
}

/** The answer, if the cache has all of it. */
function recall(
  { graph, cache }: Network,
  view: View,
  batch: Batch,
  taps: readonly string[],
  fingerprints: readonly string[],
): Answer | undefined {
  const read = (name: string, node: number): tf.Tensor4D | undefined => {
    const shape = shapeOf(graph, node, batch[view].shape);
    const size = shape[1] * shape[2] * shape[3];
    const values = new Float32Array(fingerprints.length * size);
    for (const [index, patch] of fingerprints.entries()) {
      const known = cache!.read(patch, name, size);
      if (!known) return undefined;
      values.set(known, index * size);
    }
    return tf.tensor4d(values, shape);
  };
  const features: Record<string, tf.Tensor4D> = {};
  for (const tap of taps) {
    const feature = read(tap, graph.taps[tap]!);
    if (feature) features[tap] = feature;
  }
  const output = read('', graph.output);
  if (output && taps.every((tap) => features[tap])) return { output, taps: features };
  tf.dispose([output ?? [], features]);
  return undefined;
}

function remember({ cache }: Network, { output, taps }: Answer, fingerprints: readonly string[]): void {
  for (const [name, feature] of [['', output] as const, ...Object.entries(taps)]) {
    const values = feature.dataSync();
    const size = values.length / fingerprints.length;
    for (const [index, patch] of fingerprints.entries())
      cache?.write(patch, name, values.subarray(index * size, (index + 1) * size) as Float32Array);
  }
}

function shapeOf(
  graph: Graph,
  index: number,
  [patches, height, width]: readonly number[],
): [number, number, number, number] {
  const { stride, channels } = graph.nodes[index]!;
  return [patches!, height! / stride, width! / stride, channels];
}
