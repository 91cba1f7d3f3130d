import type * as tf from '@tensorflow/tfjs-core';

/** What every node says: which nodes it reads, and its output's channels and downscale against the graph's input. */
export interface NodeBase {
  inputs: number[];
  channels: number;
  /**
   * One output position covers `stride` x `stride` pixels of the graph's input: a fraction where the network has
   * enlarged it, Infinity for a statistic of the whole photograph, which has one position.
   */
  stride: number;
}

/**
 * How PyTorch stores the array that a weight is read from, which decides the change of layout on import:
 * `conv` [kh, kw, in, out] is [out, in, kh, kw] there, or [out, in] in a linear layer; `depthwise` [kh, kw, c, 1] is
 * [c, 1, kh, kw]; a `vector` has its values in the same order, whatever its shape there.
 */
export type Layout = 'conv' | 'depthwise' | 'vector';

/** A trainable array, named and shaped as it stands in a model file. */
export interface Weight {
  name: string;
  shape: number[];
  layout: Layout;
  /** Standard deviation of its starting values around `mean`; 0 starts it there. */
  deviation: number;
  /** 0 unless given. */
  mean?: number;
}

/** A run of positions along one axis, both ends included; unbounded where a node looks at the whole photograph. */
export interface Span {
  from: number;
  to: number;
}

/** Rows of zeros that stand for what lies beyond the photograph, above and below the rows that a node is given. */
export interface Padding {
  above: number;
  below: number;
}

/** Some rows of a feature map of one photograph. */
export interface RowsOf {
  tensor: tf.Tensor4D;
  from: number;
  count: number;
}

/** What a network is told beside the photograph. */
export interface Conditions {
  /** Standard deviation of the photograph's noise on the scale 0..255: one value, or one for each image of a batch. */
  noiseLevel?: number | tf.Tensor1D;
}

/** All that the rest of the project must know about one kind of node. */
export interface Op<N extends NodeBase> {
  /** The node's trainable arrays; none unless given. */
  weights?(node: N): Weight[];
  /** Multiply-accumulates for one position of the node's output, over all its channels; 0 unless given. */
  macs?(node: N): number;
  /** The span of input positions that a span of output positions depends on (alike along both axes). */
  demand(node: N, output: Span): Span;
  /**
   * Bytes of scratch that running the node takes beside its inputs and output, at `positions` output positions, or, for
   * a statistic of the whole photograph, at as many of its input's.
   */
  scratch?(node: N, positions: number): number;
  /** Set where some of its rows can be made of those that they demand, and come out as they are in the whole. */
  streams?: true;
  /**
   * Runs the node on NHWC tensors; differentiable on every TensorFlow.js backend.
   *
   * @param padding given with the rows that some of the output's demand, to a node that streams
   */
  run(
    node: N,
    inputs: tf.Tensor4D[],
    weights: Record<string, tf.Tensor>,
    conditions: Conditions,
    padding?: Padding,
  ): tf.Tensor4D;
  /**
   * The same where the backend has kernels for it: reads rows where they lie, and gives the new rows behind those of its
   * own that are `kept`.
   */
  runBehind?(
    node: N,
    inputs: RowsOf[],
    weights: Record<string, tf.Tensor>,
    padding: Padding,
    kept: tf.Tensor4D | undefined,
  ): tf.Tensor4D;
}

/** The demand of a node whose every output position depends on its own input position alone. */
export const pointwise = (_: NodeBase, output: Span): Span => output;

/** The demand of a node that looks at the whole photograph. */
export const everywhere = (): Span => ({ from: -Infinity, to: Infinity });

/** The demand of a node that works in aligned windows of `window` x `window` positions. */
export function windowed({ window }: { window: number }, { from, to }: Span): Span {
  return { from: Math.floor(from / window) * window, to: Math.floor(to / window) * window + window - 1 };
}

/** What a convolution is called with; kernels take a bias that is missing for none, so it is missed here. */
export function convolutionInputs(
  { name, bias }: { name: string; bias: boolean },
  x: tf.Tensor4D,
  weights: Record<string, tf.Tensor>,
): tf.NamedTensorMap {
  const needed = { filter: `${name}.weight`, ...(bias && { bias: `${name}.bias` }) };
  const inputs: tf.NamedTensorMap = { x };
  for (const [input, weight] of Object.entries(needed)) {
    if (!weights[weight]) throw new Error(`There is no weight "${weight}".`);
    inputs[input] = weights[weight];
  }
  return inputs;
}
