import type * as tf from '@tensorflow/tfjs-core';
import type { NodeBase, Weight } from '../graph.ts';

/** A run of positions along one axis, both ends included. */
export interface Span {
  from: number;
  to: number;
}

/** All that the rest of the project must know about one kind of node. */
export interface Op<N extends NodeBase> {
  /** The node's trainable arrays. */
  weights(node: N): Weight[];
  /** Multiply-accumulates for one position of the node's output, over all its channels. */
  macs(node: N): number;
  /** The span of input positions that a span of output positions depends on (alike along both axes). */
  demand(node: N, output: Span): Span;
  /** Bytes of scratch that running the node takes beside its inputs and output, at `positions` output positions. */
  scratch(node: N, positions: number): number;
  /** Runs the node on NHWC tensors; differentiable on every TensorFlow.js backend. */
  run(node: N, inputs: tf.Tensor4D[], weights: Record<string, tf.Tensor>): tf.Tensor4D;
}
