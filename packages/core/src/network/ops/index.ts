import type { Node } from '../graph.ts';
import { add } from './add.ts';
import { conv } from './conv.ts';
import { input } from './input.ts';
import type { Op } from './op.ts';
import { depthToSpace, spaceToDepth } from './space-depth.ts';

const ops: { [K in Node['op']]: Op<Extract<Node, { op: K }>> } = {
  input,
  conv,
  add,
  'space-to-depth': spaceToDepth,
  'depth-to-space': depthToSpace,
};

/** The definition that belongs to a node. */
export function opOf<N extends Node>(node: N): Op<N> {
  return ops[node.op] as unknown as Op<N>;
}
