import type { Node } from '../graph.ts';
import { activate } from './activation.ts';
import { add } from './add.ts';
import { channelAttention } from './channel-attention.ts';
import { constant, noiseLevel } from './constant.ts';
import { conv } from './conv.ts';
import { windowDct } from './dct.ts';
import { depthwise } from './depthwise.ts';
import { input } from './input.ts';
import { concat, slice } from './join.ts';
import { layerNorm } from './layer-norm.ts';
import { multiply } from './multiply.ts';
import { normalize } from './normalize.ts';
import type { Op } from './op.ts';
import { blockPool, globalPool } from './pool.ts';
import { resize } from './resize.ts';
import { channelScale, scale } from './scale.ts';
import { cyclicShift } from './shift.ts';
import { depthToSpace, spaceToDepth } from './space-depth.ts';
import { windowAttention } from './window-attention.ts';

const ops: { [K in Node['op']]: Op<Extract<Node, { op: K }>> } = {
  input,
  conv,
  depthwise,
  add,
  multiply,
  scale,
  'channel-scale': channelScale,
  concat,
  slice,
  activation: activate,
  'layer-norm': layerNorm,
  normalize,
  'global-pool': globalPool,
  'block-pool': blockPool,
  resize,
  'space-to-depth': spaceToDepth,
  'depth-to-space': depthToSpace,
  'cyclic-shift': cyclicShift,
  'window-attention': windowAttention,
  'channel-attention': channelAttention,
  'window-dct': windowDct,
  constant,
  'noise-level': noiseLevel,
};

/** The definition that belongs to a node. */
export function opOf<N extends Node>(node: N): Op<N> {
  return ops[node.op] as unknown as Op<N>;
}
