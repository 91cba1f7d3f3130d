import type { Graph, Node } from './graph.ts';
import type { Activation } from './ops/conv.ts';

/** A feature map while a network is being written down: which node makes it, and its layout. */
export interface Feature {
  readonly node: number;
  readonly channels: number;
  readonly stride: number;
}

export interface ConvSettings {
  name: string;
  channels: number;
  kernel: 1 | 3;
  activation?: Activation;
  gain?: number;
}

/** What a network function may ask for. */
export interface Ops {
  conv(x: Feature, settings: ConvSettings): Feature;
  add(a: Feature, b: Feature): Feature;
  spaceToDepth(x: Feature, block: number): Feature;
  depthToSpace(x: Feature, block: number): Feature;
  /** Names a feature map so that a distillation method can ask for it; returns it unchanged. */
  tap(x: Feature, name: string): Feature;
}

/**
 * Writes a network down: runs it once over a recorder and returns the graph of what it asked for.
 *
 * Throws an Error (a mistake in the network's code) on a repeated weight or tap name, on adding features of different
 * layouts and on channels that cannot be unfolded.
 */
export function trace(network: (ops: Ops, photograph: Feature) => Feature): Graph {
  const nodes: Node[] = [];
  const taps: Record<string, number> = {};
  const names = new Set<string>();

  const record = (node: Node): Feature => {
    nodes.push(node);
    return { node: nodes.length - 1, channels: node.channels, stride: node.stride };
  };

  const ops: Ops = {
    conv(x, { name, channels, kernel, activation = 'none', gain = 1 }) {
      if (names.has(name)) throw new Error(`two layers are named ${name}`);
      names.add(name);
      return record({
        op: 'conv',
        inputs: [x.node],
        channels,
        stride: x.stride,
        name,
        kernel,
        inputChannels: x.channels,
        activation,
        gain,
      });
    },
    add(a, b) {
      if (a.channels !== b.channels || a.stride !== b.stride)
        throw new Error(
          `cannot add ${a.channels} channels at 1/${a.stride} to ${b.channels} at 1/${b.stride}`,
        );
      return record({ op: 'add', inputs: [a.node, b.node], channels: a.channels, stride: a.stride });
    },
    spaceToDepth: (x, block) =>
      record({
        op: 'space-to-depth',
        inputs: [x.node],
        channels: x.channels * block * block,
        stride: x.stride * block,
        block,
      }),
    depthToSpace(x, block) {
      const channels = x.channels / (block * block);
      if (!Number.isInteger(channels))
        throw new Error(`cannot unfold ${x.channels} channels into blocks of ${block}`);
      return record({ op: 'depth-to-space', inputs: [x.node], channels, stride: x.stride / block, block });
    },
    tap(x, name) {
      if (name in taps) throw new Error(`two taps are named ${name}`);
      taps[name] = x.node;
      return x;
    },
  };

  const photograph = record({ op: 'input', inputs: [], channels: 3, stride: 1 });
  const output = network(ops, photograph).node;
  return { nodes, output, taps, alignment: Math.max(...nodes.map((node) => node.stride)) };
}
