import { type NodeBase, type Op, pointwise } from './op.ts';

/** The photograph, as the network sees it: RGB, 0..1 (or several photographs side by side in its channels). */
export interface Input extends NodeBase {
  op: 'input';
}

export const input: Op<Input> = {
  demand: pointwise,
  streams: true,
  run: (_, [photograph]) => photograph!,
};
