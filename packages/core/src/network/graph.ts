/**
 * A network as data: a list of nodes in the order in which they run, each naming the earlier nodes it reads.
 *
 * A network is written once, as a function of (ops, input); `trace` runs it over a recorder and keeps what it asked
 * for. Training, inference, cost, receptive field, memory and file formats all read this one list.
 */
import type { Add } from './ops/add.ts';
import type { Conv } from './ops/conv.ts';
import type { Input } from './ops/input.ts';
import type { DepthToSpace, SpaceToDepth } from './ops/space-depth.ts';

export type { Weight } from './ops/op.ts';

export type Node = Input | Conv | Add | SpaceToDepth | DepthToSpace;

export interface Graph {
  nodes: Node[];
  /** Index of the node whose output is the network's. */
  output: number;
  /** Named nodes whose features distillation may compare. */
  taps: Record<string, number>;
  /** Height and width of an input must be multiples of this. */
  alignment: number;
}

/** For each node, the index of the last node that reads it: where its tensor can be freed. */
export function lastUses(graph: Graph): number[] {
  const last = graph.nodes.map((_, index) => index);
  for (const [index, node] of graph.nodes.entries()) for (const input of node.inputs) last[input] = index;
  last[graph.output] = graph.nodes.length;
  return last;
}
