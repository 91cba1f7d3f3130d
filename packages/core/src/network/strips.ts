import { type Graph, lastUses, type Node } from './graph.ts';
import { opOf } from './ops/index.ts';
import { everywhere, type Padding, type Span } from './ops/op.ts';

/** Rows of a feature map, from the first up to but without `end`. */
export interface Rows {
  from: number;
  end: number;
}

/** One node's next rows. */
export interface Step {
  index: number;
  made: Rows;
  /** What it reads of each of its inputs. */
  read: Rows[];
  padding: Padding | undefined;
}

/** Whether a network may be given a photograph in strips of rows: every node makes its next ones of the last few. */
export function streams(graph: Graph): boolean {
  return graph.nodes.every((node) => opOf(node).streams);
}

/**
 * In which order the nodes of a network make their rows when none makes more than those of `strip` rows of the input at
 * a time. A network that does not stream makes all of them at once.
 *
 * @param height rows of the input; as `strip`, a multiple of the alignment
 * @param release told after each round of a node's readers from which row on it is still needed
 */
export function* schedule(
  graph: Graph,
  height: number,
  strip: number,
  release: (index: number, from: number) => void,
): Generator<Step, void> {
  const { nodes, output } = graph;
  const last = lastUses(graph);
  const inStrips = streams(graph);
  const demand = inStrips ? (node: Node, rows: Span) => opOf(node).demand(node, rows) : everywhere;
  // A statistic of the whole photograph has one position.
  const heights = nodes.map(({ stride }) => (Number.isFinite(stride) ? height / stride : 1));
  const readers = nodes.map((_, index) => [...nodes.keys()].filter((i) => nodes[i]!.inputs.includes(index)));
  const made = nodes.map(() => 0);

  const within = (index: number, { from, to }: Span): Rows => ({
    from: Math.max(0, from),
    end: Math.min(heights[index]!, to + 1),
  });
  const canMake = (node: Node, row: number) =>
    node.inputs.every((input) => within(input, demand(node, { from: row, to: row })).end <= made[input]!);
  const neededFrom = (index: number, reader: number) => {
    const row = made[reader]!;
    if (row === heights[reader]) return heights[index]!;
    return within(index, demand(nodes[reader]!, { from: row, to: row })).from;
  };

  while (made[output]! < heights[output]!) {
    for (const [index, node] of nodes.entries()) {
      const from = made[index]!;
      const most = Math.min(heights[index]!, from + Math.max(1, strip / node.stride));
      let end = from;
      while (end < most && canMake(node, end)) end++;
      if (end > from) {
        const wanted = demand(node, { from, to: end - 1 });
        const lowest = heights[node.inputs[0] ?? index]! - 1;
        const padding = inStrips
          ? { above: Math.max(0, -wanted.from), below: Math.max(0, wanted.to - lowest) }
          : undefined;
        const read = node.inputs.map((input) => within(input, wanted));
        yield { index, made: { from, end }, read, padding };
        made[index] = end;
      }
      for (const read of new Set([index, ...node.inputs]))
        if (last[read] === index)
          release(read, Math.min(heights[read]!, ...readers[read]!.map((r) => neededFrom(read, r))));
    }
  }
}

/**
 * The most bytes of feature maps and scratch alive at once, for each column of an input of `height` rows, where the
 * backend has the kernels for rows.
 */
export function stripMemory(graph: Graph, height: number, strip: number): number {
  const { nodes } = graph;
  const bytes = (index: number, rows: number) => (4 * nodes[index]!.channels * rows) / nodes[index]!.stride;
  const kept = nodes.map((): Rows => ({ from: 0, end: 0 }));
  const size = (index: number) => bytes(index, kept[index]!.end - kept[index]!.from);
  let alive = 0;
  let peak = 0;
  const touch = (more: number) => {
    peak = Math.max(peak, alive + more);
  };
  const release = (index: number, needed: number) => {
    const { from, end } = kept[index]!;
    if (needed <= from) return;
    const next = { from: Math.min(needed, end), end };
    touch(bytes(index, end - next.from));
    alive -= bytes(index, next.from - from);
    kept[index] = next;
  };
  for (const { index, made, read } of schedule(graph, height, strip, release)) {
    const node = nodes[index]!;
    const fresh = bytes(index, made.end - made.from);
    const scratch = opOf(node).scratch?.(node, (made.end - made.from) / node.stride) ?? 0;
    if (opOf(node).runBehind) touch(size(index) + fresh + scratch);
    else {
      const cut = node.inputs.reduce((sum, input, i) => {
        const count = read[i]!.end - read[i]!.from;
        return count === kept[input]!.end - kept[input]!.from ? sum : sum + bytes(input, count);
      }, 0);
      touch(cut + fresh + scratch);
      if (size(index) > 0) touch(cut + 2 * fresh + size(index));
    }
    if (index === graph.output) continue;
    alive += fresh;
    kept[index]!.end = made.end;
  }
  return peak;
}
