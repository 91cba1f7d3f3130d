import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { noise } from '../../testing/networks.ts';
import { buildNetwork, type NetworkConfig, networkConfig } from '../networks/index.ts';
import { initialWeights, type Weights } from '../networks/initial-weights.ts';
import { Random } from '../random.ts';
import { weightsOf } from './cost.ts';
import type { Graph } from './graph.ts';
import { infer } from './infer.ts';
import { widen } from './widen.ts';

beforeAll(useTrainingWasm);

const random = new Random(4);

/** A network with weights none of which is 0, as they are after training. */
function trained(config: NetworkConfig): { graph: Graph; weights: Weights } {
  const graph = buildNetwork(config);
  const weights = initialWeights(graph, random);
  for (const values of weights.values())
    for (const index of values.keys()) values[index]! += 0.05 * random.normal();
  return { graph, weights };
}

function restored(graph: Graph, weights: Weights): Float32Array {
  return tf.tidy(() => {
    const tensors = weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]);
    const { channels } = graph.nodes[0]!;
    const seen = tf.reshape(noise(8 * channels, 32), [1, 24, 32, channels]) as tf.Tensor4D;
    return infer(graph, Object.fromEntries(tensors), seen).dataSync() as Float32Array;
  });
}

const unet = (widths: number[], encoder = [1, 1], images?: number) =>
  networkConfig.parse({ kind: 'edge-unet', widths, encoder, decoder: [1], images });
const enlarger = (width: number) => networkConfig.parse({ kind: 'edge-sr', scale: 2, width, depth: 2 });

describe('widen', () => {
  it.each([
    ['an edge-unet', unet([8, 16]), unet([16, 24])],
    ['one whose deepest level grows', unet([8, 16]), unet([8, 40])],
    ['one that sees two images', unet([8, 16], [1, 1], 2), unet([16, 24], [1, 1], 2)],
    ['an edge-sr', enlarger(8), enlarger(24)],
  ])('gives %s weights that compute the same', (_, narrow, wide) => {
    const start = trained(narrow);
    const graph = buildNetwork(wide);
    const weights = widen(start, graph, random);
    const [expected, found] = [restored(start.graph, start.weights), restored(graph, weights)];
    const largest = Math.max(...expected.map(Math.abs));
    for (const [index, value] of found.entries())
      expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-5 * largest);
    // What is new is there to be learned with.
    for (const { name, shape } of weightsOf(graph).filter(({ name }) => name.endsWith('.a.weight')))
      if (
        shape.at(-1) !==
        weightsOf(start.graph)
          .find((weight) => weight.name === name)!
          .shape.at(-1)
      )
        expect(weights.get(name)!.at(-1)).not.toBe(0);
  });

  it.each([
    ['a narrower network', unet([8, 8])],
    ['one of more blocks', unet([16, 24], [2, 1])],
    ['another', enlarger(24)],
  ])('refuses %s', (_, other) => {
    expect(() => widen(trained(unet([8, 16])), buildNetwork(other), random)).toThrow(
      expect.objectContaining({ code: 'network/not-wider' }),
    );
  });

  it('refuses a network of other nodes', () => {
    const nafnet = (width: number) =>
      networkConfig.parse({ kind: 'nafnet', width, middle: 1, encoder: [1], decoder: [1] });
    expect(() => widen(trained(nafnet(8)), buildNetwork(nafnet(16)), random)).toThrow(/encoder|intro|layer/);
  });
});
