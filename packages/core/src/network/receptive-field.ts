import type { Graph } from './graph.ts';
import { opOf } from './ops/index.ts';
import type { Span } from './ops/op.ts';

/** How far beyond an aligned block of output pixels the network looks, in input pixels, along either axis. */
export interface ReceptiveField {
  before: number;
  after: number;
}

/**
 * Where the statistics of a network that looks at the whole photograph (global pooling, attention among channels) come
 * from when it is restored in tiles: from the `whole` photograph, or, as an approximation, from each `tile` (local
 * statistics: Chu et al. 2022, "Improving Image Restoration by Revisiting Global Information Aggregation").
 */
export type Statistics = 'whole' | 'tile';

/**
 * The exact receptive field of one aligned block of `graph.alignment` output pixels, found by asking each node,
 * from the output back to the input, which positions it needs. Strided networks do not look equally far to both
 * sides, and a pixel's own field depends on where in its block it lies; the block's covers all of them.
 *
 * Unbounded (Infinity) for a network that looks at the whole photograph, unless its statistics come from each tile:
 * then only what it looks at beside them counts.
 */
export function receptiveField(graph: Graph, statistics: Statistics = 'whole'): ReceptiveField {
  const outputStride = graph.nodes[graph.output]!.stride;
  const needed: (Span | undefined)[] = [];
  needed[graph.output] = { from: 0, to: graph.alignment / outputStride - 1 };
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]!;
    const span = needed[index];
    if (!span) continue;
    let demand = opOf(node).demand(node, span);
    if (statistics === 'tile' && demand.from === -Infinity) {
      // A pooled statistic asks for no position in particular, attention for the values at its own positions.
      if (node.stride === Infinity) continue;
      demand = span;
    }
    for (const input of node.inputs) {
      const known = needed[input] ?? demand;
      needed[input] = { from: Math.min(known.from, demand.from), to: Math.max(known.to, demand.to) };
    }
  }
  const photograph = needed[0]!;
  return { before: -photograph.from, after: photograph.to - (graph.alignment - 1) };
}
