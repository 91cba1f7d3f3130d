import type * as tf from '@tensorflow/tfjs-core';

/** What every node says: which nodes it reads, and its output's channels and downscale against the graph's input. */
export interface NodeBase {
  inputs: number[];
  channels: number;
  /** One output position covers `stride` x `stride` pixels of the graph's input. */
  stride: number;
}

/** A trainable array, named and shaped as it stands in a model file. Convolution kernels are [height, width, in, out]. */
export interface Weight {
  name: string;
  shape: number[];
  /** Standard deviation of its starting values; 0 starts it at zero. */
  deviation: number;
}

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
