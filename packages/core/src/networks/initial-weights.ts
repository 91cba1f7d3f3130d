import { weightsOf } from '../network/cost.ts';
import type { Graph, Weight } from '../network/graph.ts';
import type { Random } from '../random.ts';

/** Weights by name, on the host, whichever engine they will run on. */
export type Weights = Map<string, Float32Array>;

/** Starting weights: normal, with the mean and deviation that each layer asks for (He et al. 2015, scaled by its gain). */
export function initialWeights(graph: Graph, random: Random): Weights {
  return drawWeights(weightsOf(graph), random);
}

/** Starting values for weights that need not be a network's: normal, with the mean and deviation that each asks for. */
export function drawWeights(weights: readonly Weight[], random: Random): Weights {
  return new Map(
    weights.map(({ name, shape, deviation, mean = 0 }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const draw = () => (deviation ? mean + deviation * random.normal() : mean);
      return [name, Float32Array.from({ length: size }, draw)];
    }),
  );
}
