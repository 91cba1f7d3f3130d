/** Oracles for architectures: small networks of the official code, with random weights, one input and its output. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { StateDict } from '../src/import/index.ts';
import { readSafetensors } from '../src/model/safetensors.ts';
import { weightsOf } from '../src/network/cost.ts';
import type { Graph } from '../src/network/graph.ts';
import type { Weights } from '../src/networks/initial-weights.ts';

const folder = process.env.PELLUCID_REFERENCE ?? '../shared/reference';

/** What is not there and its tests therefore miss; undefined when it is. */
export function missingReference(file: string): string | undefined {
  const path = join(folder, file);
  return existsSync(path) ? undefined : path;
}

export interface ReferenceCase {
  /** As the official code names its settings. */
  config: Record<string, unknown>;
  input: tf.Tensor4D;
  output: tf.Tensor4D;
  stateDict: StateDict;
}

/** Reads `<file>` of the folder of references; its tensors are NHWC, its weights as PyTorch has them. */
export function referenceCase(file: string): ReferenceCase {
  const { tensors, metadata } = readSafetensors(readFileSync(join(folder, file)));
  const image = (name: string) => {
    const { shape, data } = tensors.get(name)!;
    return tf.tidy(() =>
      tf.transpose(tf.tensor4d(data, shape as [number, number, number, number]), [0, 2, 3, 1]),
    );
  };
  const weights = [...tensors].filter(([name]) => name.startsWith('w.'));
  return {
    config: JSON.parse(metadata.config!),
    input: image('in'),
    output: image('out'),
    stateDict: new Map(weights.map(([name, array]) => [name.slice(2), array])),
  };
}

/** A network's weights on the current engine. */
export function weightTensors(graph: Graph, weights: Weights): Record<string, tf.Tensor> {
  return Object.fromEntries(
    weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]),
  );
}

/** The largest difference between two tensors. */
export async function largestDifference(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  return (await tf.tidy(() => tf.max(tf.abs(tf.sub(a, b)))).data())[0]!;
}
