import { type Graph, lastUses, type Node, type Weight } from './graph.ts';
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
    peak = Math.max(peak, alive + scratch(graph, node, height * width));
    // The caller keeps the input.
    for (const read of new Set([index, ...node.inputs]))
      if (last[read] === index && read !== 0) alive -= bytes[read]!;
  }
  return peak;
}

/** A node's scratch on an input of `pixels`; a statistic of the whole photograph is gathered at its input's positions. */
function scratch(graph: Graph, node: Node, pixels: number): number {
  const { stride } = Number.isFinite(node.stride) ? node : graph.nodes[node.inputs[0]!]!;
  return opOf(node).scratch?.(node, pixels / stride ** 2) ?? 0;
}

/**
 * The bytes that a training step takes on a batch of `positions` pixels in all: every feature map and what its node
 * keeps for the gradient, the gradients of both, the weights and theirs, and what is lost between the blocks of the
 * heap. Measured on the wasm backend, with which it agrees to a tenth where memory runs out.
 *
 * @param gradients false for a teacher, which only runs forwards, its feature maps being kept all the same
 */
export function trainingMemory(graph: Graph, positions: number, { gradients = true } = {}): number {
  const bytes = graph.nodes.reduce((sum, node) => {
    const own = positions / node.stride ** 2;
    return sum + 4 * node.channels * own + scratch(graph, node, positions);
  }, 0);
  return (gradients ? 2 : 1) * (1.15 * bytes + 4 * parameters(graph));
}
