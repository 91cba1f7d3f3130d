/**
 * A teacher of which only a TensorFlow.js GraphModel is known, such as the MAXIM packages on npm: its output can be
 * followed, and nothing inside it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Graph, type Model, PellucidError } from '@pellucid/core';
import { loadGraphModelSync, registerOp } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** A model that teaches: one of our networks, or what stands for a GraphModel, whose graph has no taps and no weights. */
export type Teacher = Model & { graphModel?: GraphModelFiles };

export interface GraphModelFiles {
  /** The path of its model.json. */
  location: string;
  /** Of everything in its files. */
  hash: string;
}

/** What is read of a model.json here; TensorFlow.js checks the rest. */
const topology = z.looseObject({
  modelTopology: z.looseObject({ node: z.array(z.looseObject({})) }),
  weightsManifest: z.array(
    z.looseObject({ paths: z.array(z.string()), weights: z.array(z.looseObject({})) }),
  ),
  userDefinedMetadata: z.looseObject({ alignment: z.coerce.number().optional() }).optional(),
});

/** Sides of MAXIM's inputs are multiples of it; what our own exporter writes says its own. */
const usualAlignment = 64;

/**
 * @param location the path of a model.json, its weight files beside it
 * @throws PellucidError `teacher/not-graph-model`
 */
export function readGraphModelTeacher(location: string): Teacher {
  const { json, weights } = readFiles(location);
  const alignment = json.userDefinedMetadata?.alignment ?? usualAlignment;
  const graph: Graph = {
    nodes: [{ op: 'input', inputs: [], channels: 3, stride: 1 }],
    output: 0,
    taps: {},
    alignment,
  };
  const hash = createHash('sha256').update(JSON.stringify(json.modelTopology)).update(weights).digest('hex');
  return {
    name: path.basename(path.dirname(path.resolve(location))),
    task: 'any',
    network: { kind: 'graph-model' } as never,
    graph,
    weights: new Map(),
    graphModel: { location, hash },
  };
}

/** A GraphModel with its weights on the backend. */
export interface OpenGraphModel {
  /** What it makes of NHWC patches, RGB 0..1, is as large as they are. */
  run(patches: tf.Tensor4D): tf.Tensor4D;
  /** Frees its weights. */
  dispose(): void;
}

/** Loads it on the current backend. */
export function openGraphModel({ location }: GraphModelFiles): OpenGraphModel {
  registerMissingOps();
  const { json, weights } = readFiles(location);
  const weightSpecs = json.weightsManifest.flatMap((group) => group.weights) as never;
  const model = loadGraphModelSync({
    load: () => ({ ...(json as object), weightSpecs, weightData: weights.buffer as ArrayBuffer }),
  });
  const run = (patches: tf.Tensor4D) =>
    tf.tidy(() => {
      const outputs = [model.predict(patches)].flat() as tf.Tensor4D[];
      // MAXIM has an output for each of its scales.
      const whole = outputs.find(({ shape }) => shape.join() === patches.shape.join());
      if (whole) return whole;
      throw new PellucidError(
        'teacher/not-graph-model',
        `teacher: ${location} makes ${outputs.map(({ shape }) => shape.join('x')).join(', ')} of ${patches.shape.join('x')}, and no image of the same size.`,
      );
    });
  return { run, dispose: () => model.dispose() };
}

function readFiles(location: string): { json: z.infer<typeof topology>; weights: Uint8Array<ArrayBuffer> } {
  try {
    const json = topology.parse(JSON.parse(readFileSync(location, 'utf8')));
    const shards = json.weightsManifest
      .flatMap(({ paths }) => paths)
      .map((name) => readFileSync(path.join(path.dirname(location), name)));
    return { json, weights: new Uint8Array(Buffer.concat(shards)) };
  } catch (cause) {
    throw new PellucidError(
      'teacher/not-graph-model',
      `teacher: ${location} is no TensorFlow.js GraphModel: give the path of its model.json, with its weight files beside it.`,
      { cause },
    );
  }
}

/** Ops that MAXIM has and the wasm backend lacks. */
function registerMissingOps(): void {
  if (tf.getBackend() !== 'wasm') return;
  registerOp('Einsum', ({ inputs, attrs }) => einsum(String(attrs.equation), inputs[0]!, inputs[1]!));
  registerOp('BroadcastTo', ({ inputs }) => {
    const [x, wanted] = inputs as [tf.Tensor, tf.Tensor];
    const shape = [...wanted.dataSync()];
    const own = [...shape.slice(x.rank).map(() => 1), ...x.shape];
    return tf.tile(
      tf.reshape(x, own),
      shape.map((size, axis) => size / own[axis]!),
    );
  });
}

/** A product of two tensors, summed over the letters that the result lacks; no letter twice in one of them. */
export function einsum(equation: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [left, right, result] = equation.split(/,|->/).map((letters) => [...letters.trim()]) as [
    string[],
    string[],
    string[],
  ];
  const both = left.filter((letter) => right.includes(letter));
  const batch = both.filter((letter) => result.includes(letter));
  const summed = both.filter((letter) => !result.includes(letter));
  const [ofLeft, ofRight] = [left, right].map((letters) =>
    letters.filter((letter) => !both.includes(letter)),
  ) as [string[], string[]];
  const size = (letter: string) =>
    left.includes(letter) ? a.shape[left.indexOf(letter)]! : b.shape[right.indexOf(letter)]!;
  const total = (letters: string[]) => letters.reduce((product, letter) => product * size(letter), 1);
  const matrix = (x: tf.Tensor, letters: string[], rows: string[], columns: string[]) => {
    const order = [...batch, ...rows, ...columns];
    return tf.reshape(
      tf.transpose(
        x,
        order.map((letter) => letters.indexOf(letter)),
      ),
      [total(batch), total(rows), total(columns)],
    );
  };
  return tf.tidy(() => {
    const product = tf.matMul(matrix(a, left, ofLeft, summed), matrix(b, right, summed, ofRight));
    const order = [...batch, ...ofLeft, ...ofRight];
    const shaped = tf.reshape(product, order.map(size));
    return tf.transpose(
      shaped,
      result.map((letter) => order.indexOf(letter)),
    );
  });
}
