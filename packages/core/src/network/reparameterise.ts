/**
 * Training a network in a richer form that folds exactly into the plain one (Ding et al. 2021, "RepVGG"; Zhang et al.
 * 2021, whose branches these are): more ways for the gradient to move the same kernel, nothing more to run.
 */
import * as tf from '@tensorflow/tfjs-core';
import { initialWeights, type Weights } from '../networks/initial-weights.ts';
import type { Random } from '../random.ts';
import type { Graph, Node } from './graph.ts';
import { type BranchedConv, merge } from './ops/branched-conv.ts';
import { opOf } from './ops/index.ts';

/** The form in which a network trains: every 3x3 convolution with a bias has branches. The taps stay. */
export function withBranches(graph: Graph): Graph {
  const branched = (node: Node): Node =>
    node.op === 'conv' && node.kernel === 3 && node.bias
      ? { ...node, op: 'branched-conv', kernel: 3, bias: true }
      : node;
  return { ...graph, nodes: graph.nodes.map(branched) };
}

/** The plain network's weights that give what those of `withBranches` give, to the last digits of float32. */
export async function fold(graph: Graph, weights: Weights): Promise<Weights> {
  const folded: Weights = new Map();
  for (const node of graph.nodes)
    if (node.op === 'branched-conv') await foldNode(node, weights, folded);
    else for (const { name } of opOf(node).weights?.(node) ?? []) folded.set(name, weights.get(name)!);
  return folded;
}

/**
 * Weights for `withBranches` that give what a plain network's weights give: the branches start at random, and the
 * convolution beside them makes up for it. So a network starts alike in both forms.
 */
export async function unfold(graph: Graph, plain: Weights, random: Random): Promise<Weights> {
  const weights = initialWeights(graph, random);
  const folded = await fold(graph, weights);
  for (const [name, wanted] of plain) {
    const [start, found] = [weights.get(name)!, folded.get(name)!];
    weights.set(
      name,
      wanted.map((value, index) => value + (start[index]! - found[index]!)),
    );
  }
  return weights;
}

async function foldNode(node: BranchedConv, weights: Weights, folded: Weights): Promise<void> {
  const merged = tf.tidy(() => {
    const tensors = opOf(node).weights!(node).map(({ name, shape }) => [
      name,
      tf.tensor(weights.get(name)!, shape),
    ]);
    return merge(node, Object.fromEntries(tensors));
  });
  for (const [name, tensor] of Object.entries(merged)) {
    folded.set(name, (await tensor.data()) as Float32Array);
    tensor.dispose();
  }
}
