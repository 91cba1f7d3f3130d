import * as tf from '@tensorflow/tfjs-core';
import { hasRowKernels } from '../kernels/rows.ts';
import type { WeightTensors } from './forward.ts';
import { type Conditions, expectAligned, type Graph, type Node } from './graph.ts';
import { opOf } from './ops/index.ts';
import type { RowsOf } from './ops/op.ts';
import { type Step, schedule } from './strips.ts';

/** Where a network's input comes from, and in which portions. */
export interface Source {
  /** Rows of the input and of a strip, multiples of the alignment. */
  height: number;
  strip: number;
  /** Makes the tensor of the rows from `from` up to but without `end`, which is freed when it is no longer needed. */
  read(from: number, end: number): tf.Tensor4D;
}

/** What has been done: the multiply-accumulates of one node, and, at the last one, rows of the network's output. */
export interface Progress {
  macs: number;
  /** The receiver owns the tensor. */
  output?: { from: number; rows: tf.Tensor4D };
}

/** What is kept of a node, and the row that it begins with. */
interface Kept {
  from: number;
  rows: tf.Tensor4D;
}

/**
 * Runs a network for its output alone, a strip of rows at a time, each node keeping only the rows that are still to be
 * read. Every row is computed once, so a photograph in strips costs no more work than in one piece, and the result is
 * the same.
 *
 * A node at a time, for a caller that has something to do between them. Ended early, it frees everything it made.
 */
export function* inferInStrips(
  graph: Graph,
  weights: WeightTensors,
  source: Source,
  conditions: Conditions = {},
): Generator<Progress, void, void> {
  const features: (Kept | undefined)[] = [];
  const replace = (index: number, from: number, rows: tf.Tensor4D | undefined) => {
    features[index]?.rows.dispose();
    features[index] = rows && { from, rows };
  };
  const release = (index: number, needed: number) => {
    const feature = features[index];
    if (!feature || needed <= feature.from) return;
    const left = feature.from + feature.rows.shape[1] - needed;
    replace(index, needed, left > 0 ? slice(feature.rows, needed - feature.from, left) : undefined);
  };
  try {
    for (const step of schedule(graph, source.height, source.strip, release)) {
      const { index, made } = step;
      const node = graph.nodes[index]!;
      const kept = features[index];
      const rows =
        node.op === 'input'
          ? behind(kept?.rows, source.read(made.from, made.end))
          : run(node, step, features, weights, conditions);
      const [batch, , columns] = rows.shape;
      const positions = Number.isFinite(node.stride) ? batch * (made.end - made.from) * columns : batch;
      const macs = (opOf(node).macs?.(node) ?? 0) * positions;
      if (index === graph.output) {
        yield { macs, output: { from: made.from, rows } };
        continue;
      }
      replace(index, kept?.from ?? made.from, rows);
      yield { macs };
    }
  } finally {
    for (const feature of features) feature?.rows.dispose();
  }
}

/** Runs a node on the rows it reads, and gives what is kept of it with the new rows behind. */
function run(
  node: Node,
  { index, read, padding }: Step,
  features: readonly (Kept | undefined)[],
  weights: WeightTensors,
  conditions: Conditions,
): tf.Tensor4D {
  const kept = features[index]?.rows;
  const inputs = node.inputs.map((input, i): RowsOf => {
    const { from, rows } = features[input]!;
    return { tensor: rows, from: read[i]!.from - from, count: read[i]!.end - read[i]!.from };
  });
  const op = opOf(node);
  const single = inputs[0]!.tensor.shape[0] === 1;
  if (op.runBehind && padding && single && hasRowKernels())
    return op.runBehind(node, inputs, weights, padding, kept);
  const cut: tf.Tensor4D[] = [];
  try {
    const parts = inputs.map(({ tensor, from, count }) => {
      if (count === tensor.shape[1]) return tensor;
      const part = slice(tensor, from, count);
      cut.push(part);
      return part;
    });
    return behind(kept, op.run(node, parts, weights, conditions, padding));
  } finally {
    tf.dispose(cut);
  }
}

/** Puts new rows behind those that are kept, in a tensor of their own, and frees the new ones. */
function behind(kept: tf.Tensor4D | undefined, fresh: tf.Tensor4D): tf.Tensor4D {
  if (!kept) return fresh;
  try {
    return tf.concat([kept, fresh], 1);
  } finally {
    fresh.dispose();
  }
}

function slice(rows: tf.Tensor4D, from: number, count: number): tf.Tensor4D {
  return tf.slice(rows, [0, from, 0, 0], [-1, count, -1, -1]);
}

/**
 * Runs a network on a whole input; the peak of memory is what `peakMemory` says. The caller keeps `input` and owns the result.
 *
 * @throws PellucidError `network/not-aligned` for an input whose sides are no multiples of `graph.alignment`
 */
export function infer(
  graph: Graph,
  weights: WeightTensors,
  input: tf.Tensor4D,
  conditions: Conditions = {},
): tf.Tensor4D {
  expectAligned(graph, input.shape);
  const height = input.shape[1];
  // Another tensor with the same data, to be freed in the caller's place.
  const read = () => tf.reshape(input, input.shape) as tf.Tensor4D;
  for (const { output } of inferInStrips(graph, weights, { height, strip: height, read }, conditions))
    if (output) return output.rows;
  throw new Error('a network without an output');
}
