import type { Graph, Node } from './graph.ts';
import type { Activate } from './ops/activation.ts';
import type { Conv } from './ops/conv.ts';
import type { Gate } from './ops/gate.ts';
import type { GlobalPool } from './ops/pool.ts';
import type { Resize } from './ops/resize.ts';
import type { BlockOrder } from './ops/space-depth.ts';
import type { WindowAttention } from './ops/window-attention.ts';

/** A feature map while a network is being written down: which node makes it, and its layout. */
export interface Feature {
  readonly node: number;
  readonly channels: number;
  readonly stride: number;
}

export interface ConvSettings {
  name: string;
  channels: number;
  kernel: number;
  /** 2 halves the resolution. */
  step?: 1 | 2;
  dilation?: number;
  bias?: boolean;
  activation?: Conv['activation'];
  /** The slope of `leaky-relu` below zero, 0.01 unless given. */
  slope?: number;
  gain?: number;
}

export interface DepthwiseSettings {
  name: string;
  kernel: number;
  /** Output channels for each of the input's, 1 unless given. */
  multiplier?: number;
  dilation?: number;
  bias?: boolean;
}

/** What a network function may ask for. */
export interface Ops {
  conv(x: Feature, settings: ConvSettings): Feature;
  /** Each output channel reads as many neighbouring input channels as there are inputs to an output. */
  groupedConv(x: Feature, settings: { name: string; channels: number; kernel: number }): Feature;
  depthwise(x: Feature, settings: DepthwiseSettings): Feature;
  /** `b` has `a`'s layout, or one position (a global statistic). */
  add(a: Feature, b: Feature): Feature;
  /** `b` has `a`'s layout, or one position (a global statistic), or one channel, or both. */
  multiply(a: Feature, b: Feature): Feature;
  /** The product of the two halves of the channels; `activation` is of the first. */
  gate(x: Feature, activation?: Gate['activation']): Feature;
  /** x * factor + offset, with constants: one for all channels or one for each. */
  scale(x: Feature, settings: { factor?: number | number[]; offset?: number | number[] }): Feature;
  /** x * a trained factor for each channel. */
  channelScale(x: Feature, settings: { name: string; start: number }): Feature;
  concat(...features: Feature[]): Feature;
  /** `channels` channels from `from` on. */
  slice(x: Feature, from: number, channels: number): Feature;
  /** `count` equal parts of the channels. */
  split(x: Feature, count: number): Feature[];
  activation(x: Feature, activation: Activate['activation'], settings?: { slope?: number }): Feature;
  /** `centred` unless said otherwise. */
  layerNorm(x: Feature, settings: { name: string; epsilon: number; centred?: boolean }): Feature;
  /** Each position's channels scaled to an L2 norm of 1. */
  normalize(x: Feature): Feature;
  globalPool(x: Feature, statistic: GlobalPool['statistic']): Feature;
  blockPool(x: Feature, statistic: 'mean' | 'max', block: number): Feature;
  /** The mean around each position, over what lies inside the feature. */
  averagePool(x: Feature, kernel: number): Feature;
  resize(x: Feature, method: Resize['method'], factor: number): Feature;
  /** `order` is `position` (row, column, channel) unless given. */
  spaceToDepth(x: Feature, block: number, order?: BlockOrder): Feature;
  depthToSpace(x: Feature, block: number, order?: BlockOrder): Feature;
  cyclicShift(x: Feature, offset: number): Feature;
  /** Reads queries, keys and values side by side; `tokens` are `positions` unless given. */
  windowAttention(
    qkv: Feature,
    settings: {
      name: string;
      window: number;
      heads: number;
      shift: number;
      tokens?: WindowAttention['tokens'];
    },
  ): Feature;
  /** Adds a trained value to each position of the windows. */
  windowOffset(x: Feature, settings: { name: string; window: number }): Feature;
  /** Reads queries, keys and values side by side. */
  channelAttention(qkv: Feature, settings: { name: string; heads: number }): Feature;
  /** The same, each channel listening only to those it agrees with most. */
  sparseChannelAttention(qkv: Feature, settings: { name: string; heads: number }): Feature;
  windowDct(x: Feature, window: number, direction: 'forward' | 'inverse'): Feature;
  /** A feature of `value` everywhere, of `like`'s size. */
  constant(like: Feature, channels: number, value: number): Feature;
  /** The noise level that the network is told, 0..1, of `like`'s size. */
  noiseLevel(like: Feature): Feature;
  /** Names a feature map so that a distillation method can ask for it; returns it unchanged. */
  tap(x: Feature, name: string): Feature;
}

/**
 * Writes a network down: runs it once over a recorder and returns the graph of what it asked for.
 *
 * Layers of one name share their weights. Throws an Error (a mistake in the network's code) on layers of one name and
 * different settings, a repeated tap name, adding features of different layouts, and channels that do not divide.
 *
 * @param channels of the network's input: 3 for one photograph
 */
export function trace(network: (ops: Ops, photograph: Feature) => Feature, channels = 3): Graph {
  const nodes: Node[] = [];
  const taps: Record<string, number> = {};

  const record = (node: Node): Feature => {
    nodes.push(node);
    return { node: nodes.length - 1, channels: node.channels, stride: node.stride };
  };
  /** What a node that changes neither channels nor size says of itself. */
  const like = (x: Feature) => ({ inputs: [x.node], channels: x.channels, stride: x.stride });
  const part = (x: Feature, count: number, why: string) => {
    if (x.channels % count) throw new Error(`cannot ${why} ${x.channels} channels by ${count}`);
    return x.channels / count;
  };

  const ops: Ops = {
    conv(x, { name, channels, kernel, step = 1, dilation = 1, bias = true, ...settings }) {
      const { activation = 'none', slope = 0.01, gain = 1 } = settings;
      return record({
        op: 'conv',
        inputs: [x.node],
        channels,
        stride: x.stride * step,
        name,
        kernel,
        step,
        dilation,
        bias,
        inputChannels: x.channels,
        activation,
        slope,
        gain,
      });
    },
    groupedConv: (x, { name, channels, kernel }) =>
      record({ op: 'grouped-conv', ...like(x), channels, name, kernel, group: part(x, channels, 'group') }),
    depthwise(x, { name, kernel, multiplier = 1, dilation = 1, bias = true }) {
      const channels = multiplier * x.channels;
      return record({ op: 'depthwise', ...like(x), channels, name, kernel, multiplier, dilation, bias });
    },
    add(a, b) {
      if (a.channels !== b.channels || (b.stride !== a.stride && b.stride !== Infinity))
        throw new Error(
          `cannot add ${a.channels} channels at 1/${a.stride} to ${b.channels} at 1/${b.stride}`,
        );
      return record({ op: 'add', inputs: [a.node, b.node], channels: a.channels, stride: a.stride });
    },
    multiply(a, b) {
      const fits =
        (b.channels === a.channels || b.channels === 1) && (b.stride === a.stride || b.stride === Infinity);
      if (!fits)
        throw new Error(
          `cannot multiply ${a.channels} channels at 1/${a.stride} by ${b.channels} at 1/${b.stride}`,
        );
      return record({ op: 'multiply', ...like(a), inputs: [a.node, b.node] });
    },
    gate: (x, activation = 'none') =>
      record({ op: 'gate', ...like(x), channels: part(x, 2, 'halve'), activation }),
    scale: (x, { factor = 1, offset = 0 }) => record({ op: 'scale', ...like(x), factor, offset }),
    channelScale: (x, { name, start }) => record({ op: 'channel-scale', ...like(x), name, start }),
    concat(...features) {
      const { stride } = features[0]!;
      if (features.some((feature) => feature.stride !== stride))
        throw new Error(`cannot concatenate features at 1/${features.map((x) => x.stride).join(', 1/')}`);
      return record({
        op: 'concat',
        inputs: features.map(({ node }) => node),
        channels: features.reduce((sum, { channels }) => sum + channels, 0),
        stride,
      });
    },
    slice(x, from, channels) {
      if (from + channels > x.channels) throw new Error(`cannot slice beyond ${x.channels} channels`);
      return record({ op: 'slice', ...like(x), channels, from });
    },
    split(x, count) {
      const channels = part(x, count, 'split');
      return Array.from({ length: count }, (_, index) => ops.slice(x, index * channels, channels));
    },
    activation: (x, activation, { slope = 0.01 } = {}) =>
      record({ op: 'activation', ...like(x), activation, slope }),
    layerNorm: (x, { name, epsilon, centred = true }) =>
      record({ op: 'layer-norm', ...like(x), name, epsilon, centred }),
    normalize: (x) => record({ op: 'normalize', ...like(x) }),
    globalPool: (x, statistic) => record({ op: 'global-pool', ...like(x), stride: Infinity, statistic }),
    blockPool: (x, statistic, block) =>
      record({ op: 'block-pool', ...like(x), stride: x.stride * block, statistic, block }),
    averagePool: (x, kernel) => record({ op: 'average-pool', ...like(x), kernel }),
    resize: (x, method, factor) =>
      record({ op: 'resize', ...like(x), stride: x.stride / factor, method, factor }),
    spaceToDepth: (x, block, order = 'position') =>
      record({
        op: 'space-to-depth',
        inputs: [x.node],
        channels: x.channels * block * block,
        stride: x.stride * block,
        block,
        order,
      }),
    depthToSpace: (x, block, order = 'position') =>
      record({
        op: 'depth-to-space',
        inputs: [x.node],
        channels: part(x, block * block, 'unfold'),
        stride: x.stride / block,
        block,
        order,
      }),
    cyclicShift: (x, offset) => record({ op: 'cyclic-shift', ...like(x), offset }),
    windowAttention: (qkv, { tokens = 'positions', ...settings }) =>
      record({ op: 'window-attention', ...like(qkv), channels: part(qkv, 3, 'split'), tokens, ...settings }),
    windowOffset: (x, settings) => record({ op: 'window-offset', ...like(x), ...settings }),
    channelAttention: (qkv, settings) =>
      record({ op: 'channel-attention', ...like(qkv), channels: part(qkv, 3, 'split'), ...settings }),
    sparseChannelAttention: (qkv, settings) =>
      record({ op: 'sparse-channel-attention', ...like(qkv), channels: part(qkv, 3, 'split'), ...settings }),
    windowDct: (x, window, direction) =>
      record({ op: 'window-dct', ...like(x), window, inverse: direction === 'inverse' }),
    constant: (x, channels, value) => record({ op: 'constant', ...like(x), channels, value }),
    noiseLevel: (x) => record({ op: 'noise-level', ...like(x), channels: 1 }),
    tap(x, name) {
      if (name in taps) throw new Error(`two taps are named ${name}`);
      taps[name] = x.node;
      return x;
    },
  };

  const photograph = record({ op: 'input', inputs: [], channels, stride: 1 });
  const output = network(ops, photograph).node;
  checkSharing(nodes);
  return { nodes, output, taps, alignment: alignmentOf(nodes) };
}

/** Layers of one name share their weights, so they must be alike. */
function checkSharing(nodes: Node[]): void {
  const known = new Map<string, string>();
  for (const { inputs: _, ...node } of nodes) {
    if (!('name' in node)) continue;
    const settings = JSON.stringify(node);
    if ((known.get(node.name) ?? settings) !== settings)
      throw new Error(`two different layers are named ${node.name}`);
    known.set(node.name, settings);
  }
}

/** What the sides of an input must be multiples of, so that every node has whole positions and windows. */
export function alignmentOf(nodes: readonly Node[]): number {
  return nodes.map(pixelsOf).reduce(leastCommonMultiple);
}

/** What a node's own positions must be a multiple of, in pixels of the input. */
function pixelsOf(node: Node): number {
  const positions = 'window' in node ? node.window : 1;
  const pixels = positions * node.stride;
  return Number.isFinite(pixels) ? Math.max(1, pixels) : 1;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y) [x, y] = [y, x % y];
  return (a / x) * b;
}
