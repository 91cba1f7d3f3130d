/** A trained network made larger, so that it learns on from what it knows: the idea of Net2Net (Chen et al. 2016). */
import { PellucidError } from '../errors.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { initialWeights, type Weights } from '../networks/initial-weights.ts';
import type { Random } from '../random.ts';
import type { Graph, Node } from './graph.ts';
import { opOf } from './ops/index.ts';

interface Trained {
  network: NetworkConfig;
  graph: Graph;
  weights: Weights;
}

/**
 * An `edge-unet` of the levels that `deeper` has below it, which computes what it does until it learns on: nothing comes
 * up from them yet. Of any other network, and one as deep, it gives back what it got.
 */
export function deepen(trained: Trained, deeper: NetworkConfig, random: Random): Trained {
  const { network, weights } = trained;
  if (network.kind !== 'edge-unet' || deeper.kind !== 'edge-unet') return trained;
  const levels = network.widths.length;
  if (deeper.widths.length <= levels) return trained;

  const below = {
    widths: [...network.widths, ...deeper.widths.slice(levels)],
    encoder: [...network.encoder, ...deeper.encoder.slice(levels)],
    decoder: [...network.decoder, ...deeper.decoder.slice(levels - 1)],
  };
  const grown: NetworkConfig = { ...network, ...below };
  const graph = buildNetwork(grown);
  const entrance = `up${levels - 1}.weight`;
  const block = new RegExp(`^decoder${levels - 1}\\.\\d+\\.b\\.weight$`);
  const started = [...initialWeights(graph, random)].map(([name, values]): [string, Float32Array] => [
    name,
    weights.get(name) ?? (name === entrance || block.test(name) ? values.fill(0) : values),
  ]);
  return { network: grown, graph, weights: new Map(started) };
}

/**
 * Weights with which a wider network computes what a narrower one does, to the last digits of float32, so that it
 * learns on from there. Net2Net splits units; here new ones start at random.
 * No channel that the narrower network has reads a new one yet; each of those has weights of its own, and a gradient.
 *
 * @param graph of the same nodes in the same order, each with as many channels or more
 * @throws PellucidError `network/not-wider` for a network that is made otherwise, or of nodes this does not know
 */
export function widen(narrow: { graph: Graph; weights: Weights }, graph: Graph, random: Random): Weights {
  const weights = initialWeights(graph, random);
  const places = placesOf(narrow.graph, graph);
  for (const [index, node] of narrow.graph.nodes.entries()) {
    if (node.op !== 'conv') continue;
    const [inputs, outputs] = [places[node.inputs[0]!]!, places[index]!];
    const wider = graph.nodes[index] as typeof node;
    for (const { name, shape } of opOf(node).weights!(node)) {
      const [rows, from] = shape.length === 1 ? [1, [0]] : [node.kernel ** 2, inputs];
      const depth = shape.length === 1 ? 1 : wider.inputChannels;
      const [known, values] = [narrow.weights.get(name)!, weights.get(name)!];
      for (const to of outputs)
        for (let row = 0; row < rows * depth; row++) values[row * wider.channels + to] = 0;
      let next = 0;
      for (let row = 0; row < rows; row++)
        for (const input of from)
          for (const to of outputs) values[(row * depth + input) * wider.channels + to] = known[next++]!;
    }
  }
  return weights;
}

/** For each node, which of the wider network's channels stand for the narrower one's, in their order. */
function placesOf(narrow: Graph, wide: Graph): number[][] {
  const places: number[][] = [];
  for (const [index, node] of narrow.nodes.entries()) {
    const wider = wide.nodes[index];
    if (!wider || narrow.nodes.length !== wide.nodes.length || !isWider(node, wider)) throw notWider(node);
    places.push(placesIn(narrow, index, wide, places));
  }
  return places;
}

function placesIn(narrow: Graph, index: number, wide: Graph, before: number[][]): number[] {
  const [node, wider] = [narrow.nodes[index]!, wide.nodes[index]!];
  const [first, ...others] = node.inputs.map((input) => before[input]!);
  switch (node.op) {
    case 'input':
      return upTo(node.channels);
    case 'conv': {
      // Channels that are unfolded lie in blocks, each of which grows by itself.
      const unfolding = narrow.nodes.find(({ inputs, op }) => op === 'depth-to-space' && inputs[0] === index);
      if (unfolding?.op !== 'depth-to-space' || unfolding.order === 'channel') return upTo(node.channels);
      return inBlocks(upTo(unfolding.channels), unfolding.block ** 2, wider.channels);
    }
    case 'space-to-depth':
      return node.order === 'position'
        ? inBlocks(first!, node.block ** 2, wider.channels)
        : first!.flatMap((place) => upTo(node.block ** 2).map((within) => place * node.block ** 2 + within));
    case 'depth-to-space':
      return upTo(node.channels);
    case 'add':
      if (others.some((other) => other.join() !== first!.join())) throw notWider(node);
      return first!;
    case 'activation':
      return first!;
    case 'concat': {
      let start = 0;
      return node.inputs.flatMap((input) => {
        const places = before[input]!.map((place) => start + place);
        start += wide.nodes[input]!.channels;
        return places;
      });
    }
    case 'slice': {
      const places = first!.slice(node.from, node.from + node.channels).map((place) => place - node.from);
      if (places.some((place) => place < 0 || place >= wider.channels)) throw notWider(node);
      return places;
    }
    default:
      throw notWider(node);
  }
}

function isWider(node: Node, wider: Node): boolean {
  const make = ({ channels: _, ...rest }: Node) => JSON.stringify({ ...rest, inputChannels: 0 });
  return make(node) === make(wider) && wider.channels >= node.channels;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

const inBlocks = (places: number[], blocks: number, channels: number) =>
  upTo(blocks).flatMap((block) => places.map((place) => (block * channels) / blocks + place));

function notWider(node: Node): PellucidError {
  return new PellucidError(
    'network/not-wider',
    `It is no wider form of the same network, as far as its node "${'name' in node ? node.name : node.op}" shows.`,
  );
}
