import type { Node } from '../graph.ts';
import { activate } from './activation.ts';
import { add } from './add.ts';
import { branchedConv } from './branched-conv.ts';
import { channelAttention, sparseChannelAttention } from './channel-attention.ts';
import { constant, noiseLevel } from './constant.ts';
import { conv } from './conv.ts';
import { windowDct } from './dct.ts';
import { depthwise } from './depthwise.ts';
import { gate } from './gate.ts';
import { groupedConv } from './grouped-conv.ts';
import { input } from './input.ts';
import { concat, slice } from './join.ts';
import { layerNorm } from './layer-norm.ts';
import { multiply } from './multiply.ts';
import { normalize } from './normalize.ts';
import type { Op } from './op.ts';
import { averagePool, blockPool, globalPool } from './pool.ts';
import { resize } from './resize.ts';
import { channelScale, scale } from './scale.ts';
import { cyclicShift } from './shift.ts';
import { depthToSpace, spaceToDepth } from './space-depth.ts';
import { windowAttention } from './window-attention.ts';
import { windowOffset } from './window-offset.ts';

const ops: { [K in Node['op']]: Op<Extract<Node, { op: K }>> } = {
  input,
  conv,
  'branched-conv': branchedConv,
  'grouped-conv': groupedConv,
  depthwise,
  add,
  multiply,
  gate,
  scale,
  'channel-scale': channelScale,
  concat,
  slice,
  activation: activate,
  'layer-norm': layerNorm,
  normalize,
  'global-pool': globalPool,
  'block-pool': blockPool,
  'average-pool': averagePool,
  resize,
  'space-to-depth': spaceToDepth,
  'depth-to-space': depthToSpace,
  'cyclic-shift': cyclicShift,
  'window-attention': windowAttention,
  'window-offset': windowOffset,
  'channel-attention': channelAttention,
  'sparse-channel-attention': sparseChannelAttention,
  'window-dct': windowDct,
  constant,
  'noise-level': noiseLevel,
};

/** The definition that belongs to a node. */
export function opOf<N extends Node>(node: N): Op<N> {
  return ops[node.op] as unknown as Op<N>;
}
