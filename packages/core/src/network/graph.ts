/**
 * A network as data: a list of nodes in the order in which they run, each naming the earlier nodes it reads.
 *
 * A network is written once, as a function of (ops, input); `trace` runs it over a recorder and keeps what it asked
 * for. Training, inference, cost, receptive field, memory and file formats all read this one list.
 */
import { PellucidError } from '../errors.ts';
import type { Activate } from './ops/activation.ts';
import type { Add } from './ops/add.ts';
import type { BranchedConv } from './ops/branched-conv.ts';
import type { ChannelAttention, SparseChannelAttention } from './ops/channel-attention.ts';
import type { Constant, NoiseLevel } from './ops/constant.ts';
import type { Conv } from './ops/conv.ts';
import type { WindowDct } from './ops/dct.ts';
import type { Depthwise } from './ops/depthwise.ts';
import type { Gate } from './ops/gate.ts';
import type { GroupedConv } from './ops/grouped-conv.ts';
import type { Input } from './ops/input.ts';
import type { Concat, Slice } from './ops/join.ts';
import type { LayerNorm } from './ops/layer-norm.ts';
import type { Multiply } from './ops/multiply.ts';
import type { Normalize } from './ops/normalize.ts';
import type { AveragePool, BlockPool, GlobalPool } from './ops/pool.ts';
import type { Resize } from './ops/resize.ts';
import type { ChannelScale, Scale } from './ops/scale.ts';
import type { CyclicShift } from './ops/shift.ts';
import type { DepthToSpace, SpaceToDepth } from './ops/space-depth.ts';
import type { WindowAttention } from './ops/window-attention.ts';
import type { WindowOffset } from './ops/window-offset.ts';

export type { Conditions, Layout, Weight } from './ops/op.ts';

export type Node =
  | Input
  | Conv
  | BranchedConv
  | GroupedConv
  | Depthwise
  | Add
  | Multiply
  | Gate
  | Scale
  | ChannelScale
  | Concat
  | Slice
  | Activate
  | LayerNorm
  | Normalize
  | GlobalPool
  | BlockPool
  | AveragePool
  | Resize
  | SpaceToDepth
  | DepthToSpace
  | CyclicShift
  | WindowAttention
  | WindowOffset
  | ChannelAttention
  | SparseChannelAttention
  | WindowDct
  | Constant
  | NoiseLevel;

export interface Graph {
  nodes: Node[];
  /** Index of the node whose output is the network's. */
  output: number;
  /** Named nodes whose features distillation may compare. */
  taps: Record<string, number>;
  /** Height and width of an input must be multiples of this. */
  alignment: number;
}

/** How many output pixels an input pixel becomes along each axis: 1 in restoration, 2 to 4 in super-resolution. */
export function enlargement(graph: Graph): number {
  return Math.round(1 / graph.nodes[graph.output]!.stride);
}

/**
 * @param shape of an input, NHWC
 * @throws PellucidError `network/not-aligned`: nodes that fold or window would read beyond what there is
 */
export function expectAligned({ alignment }: Graph, shape: readonly [number, number, number, number]): void {
  const [, height, width] = shape;
  if (height % alignment === 0 && width % alignment === 0) return;
  throw new PellucidError(
    'network/not-aligned',
    `The network takes images whose sides are multiples of ${alignment}, not ${width} x ${height}. A Restorer takes any.`,
  );
}

/** For each node, the index of the last node that reads it: where its tensor can be freed. */
export function lastUses(graph: Graph): number[] {
  const last = graph.nodes.map((_, index) => index);
  for (const [index, node] of graph.nodes.entries()) for (const input of node.inputs) last[input] = index;
  last[graph.output] = graph.nodes.length;
  return last;
}
