import { layerNorm as normalise } from '../../kernels/layer-norm.ts';
import { type NodeBase, type Op, pointwise, type Weight } from './op.ts';

/**
 * Layer normalisation over the channels of each position alone (Ba et al. 2016, as transformers for images use it), so
 * it needs no neighbour and tiles like a 1x1 convolution.
 */
export interface LayerNorm extends NodeBase {
  op: 'layer-norm';
  /** Its weights are `<name>.weight` and, where it centres, `<name>.bias`, [channels]. */
  name: string;
  epsilon: number;
  /** Takes the mean off. Without, it only divides by the deviation (Restormer's bias-free norm). */
  centred: boolean;
}

export const layerNorm: Op<LayerNorm> = {
  weights({ name, channels, centred }): Weight[] {
    const vector = (part: string, mean: number): Weight => {
      return { name: `${name}.${part}`, shape: [channels], layout: 'vector', deviation: 0, mean };
    };
    return centred ? [vector('weight', 1), vector('bias', 0)] : [vector('weight', 1)];
  },
  demand: pointwise,
  streams: true,
  run({ name, epsilon, centred }, [x], weights) {
    const offset = centred ? weights[`${name}.bias`] : undefined;
    return normalise(x!, weights[`${name}.weight`]!, offset, epsilon);
  },
};
