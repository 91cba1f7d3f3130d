import type { Model } from '../model/model.ts';
import { enlargement, type Graph, type Node } from './graph.ts';
import { alignmentOf } from './trace.ts';

/**
 * The network that shows a photograph to several others and what they make of it, side by side, to one that merges
 * them. Each layer and tap of the first ones has `teacher<i>.` before its name; those of the merging one stay as they are.
 *
 * @param merger reads three channels for each of `teachers`, at their outputs' resolution
 */
export function mergeNetworks(teachers: readonly Graph[], merger: Graph): Graph {
  const nodes: Node[] = [teachers[0]!.nodes[0]!];
  const taps: Graph['taps'] = {};
  /** Adds all of a graph's nodes but its input, which is the node `source`, and says where its output is. */
  const add = (graph: Graph, source: number, stride: number, prefix: string): number => {
    const placed = [source];
    for (const node of graph.nodes.slice(1)) {
      const name = 'name' in node && { name: `${prefix}${node.name}` };
      const inputs = node.inputs.map((input) => placed[input]!);
      placed.push(nodes.push({ ...node, ...name, inputs, stride: node.stride * stride }) - 1);
    }
    for (const [tap, node] of Object.entries(graph.taps)) taps[`${prefix}${tap}`] = placed[node]!;
    return placed[graph.output]!;
  };
  const images = teachers.map((teacher, index) => add(teacher, 0, 1, prefixOf(index)));
  const stride = 1 / enlargement(teachers[0]!);
  const all = nodes.push({ op: 'concat', inputs: images, channels: 3 * images.length, stride }) - 1;
  const output = add(merger, all, stride, '');
  return { nodes, output, taps, alignment: alignmentOf(nodes) };
}

/** The weights of `mergeNetworks`, from those of its parts. */
export function mergeWeights<W>(
  teachers: readonly Iterable<[string, W]>[],
  merger: Iterable<[string, W]>,
): Map<string, W> {
  const named = teachers.flatMap((weights, index) =>
    [...weights].map(([name, weight]): [string, W] => [`${prefixOf(index)}${name}`, weight]),
  );
  return new Map([...named, ...merger]);
}

/** Several models and the one that merges their images, as one model that does what all of them do together. */
export function mergeModels(teachers: readonly Model[], merger: Model): Model {
  return {
    name: `${merger.name} of ${teachers.map(({ name }) => name).join(', ')}`,
    task: merger.task,
    network: merger.network,
    graph: mergeNetworks(
      teachers.map(({ graph }) => graph),
      merger.graph,
    ),
    weights: mergeWeights(
      teachers.map(({ weights }) => weights),
      merger.weights,
    ),
  };
}

const prefixOf = (teacher: number): string => `teacher${teacher}.`;
