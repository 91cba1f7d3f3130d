import type { NodeBase, Op } from './op.ts';

/** The photograph, as the network sees it: RGB, 0..1. */
export interface Input extends NodeBase {
  op: 'input';
}

export const input: Op<Input> = {
  weights: () => [],
  macs: () => 0,
  demand: (_, output) => output,
  scratch: () => 0,
  run: (_, [photograph]) => photograph!,
};
