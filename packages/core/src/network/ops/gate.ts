import { gate as product } from '../../kernels/gate.ts';
import { type NodeBase, type Op, pointwise } from './op.ts';

/**
 * The product of the first half of the channels with the second: NAFNet's SimpleGate (Chen et al. 2022), or, with the
 * first half through a GELU, the gate of Restormer's feed-forward network (Zamir et al. 2022).
 */
export interface Gate extends NodeBase {
  op: 'gate';
  activation: 'none' | 'gelu';
}

export const gate: Op<Gate> = {
  demand: pointwise,
  streams: true,
  run: ({ activation }, [x]) => product(x!, activation === 'gelu'),
};
