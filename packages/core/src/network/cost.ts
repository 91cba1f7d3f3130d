import { type Graph, lastUses, type Weight } from './graph.ts';
import { opOf } from './ops/index.ts';

/** Every trainable array of a network, in the order in which it runs; one that several nodes share stands once. */
export function weightsOf(graph: Graph): Weight[] {
  const weights = graph.nodes.flatMap((node) => opOf(node).weights?.(node) ?? []);
  return [...new Map(weights.map((weight) => [weight.name, weight])).values()];
}

/** The number of trainable values. */
export function parameters(graph: Graph): number {
  return weightsOf(graph).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Multiply-accumulates for each pixel of the input, biases and additions not counted (the literature's MACs). */
export function macsPerPixel(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => sum + (opOf(node).macs?.(node) ?? 0) / node.stride ** 2, 0);
}

/**
 * The most bytes of feature maps and scratch alive at once while `infer` runs on one input of `height` x `width`,
 * both multiples of the alignment. Weights are not counted.
 */
export function peakMemory(graph: Graph, height: number, width: number): number {
  const last = lastUses(graph);
  const positions = graph.nodes.map((node) => (height / node.stride) * (width / node.stride));
  const bytes = graph.nodes.map((node, index) => 4 * node.channels * positions[index]!);
  let alive = 0;
  let peak = 0;
  for (const [index, node] of graph.nodes.entries()) {
    alive += bytes[index]!;
    peak = Math.max(peak, alive + (opOf(node).scratch?.(node, positions[index]!) ?? 0));
    for (const read of new Set([index, ...node.inputs])) if (last[read] === index) alive -= bytes[read]!;
  }
  return peak;
}
