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
import { deepen, widen } from './net2net.ts';

beforeAll(useTrainingWasm);

const random = new Random(4);

/** A network with weights none of which is 0, as they are after training. */
function trained(network: NetworkConfig) {
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, random);
  for (const values of weights.values())
    for (const index of values.keys()) values[index]! += 0.05 * random.normal();
  return { network, graph, weights };
}

function restored(graph: Graph, weights: Weights): Float32Array {
  return tf.tidy(() => {
    const tensors = weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]);
    const { channels } = graph.nodes[0]!;
    const seen = noise(32, 48, channels);
    return infer(graph, Object.fromEntries(tensors), seen).dataSync() as Float32Array;
  });
}

const unet = (widths: number[], encoder = [1, 1], images?: number, decoder = [1]) =>
  networkConfig.parse({ kind: 'edge-unet', widths, encoder, decoder, images });
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

describe('deepen', () => {
  const shallow = unet([8, 16]);

  it.each([
    ['a level', unet([8, 16, 24], [1, 1, 2], undefined, [1, 0])],
    ['a level with blocks on the way up', unet([8, 16, 8], [1, 1, 1], undefined, [1, 2])],
    ['two levels', unet([8, 16, 8, 8], [1, 1, 1, 1], undefined, [1, 1, 1])],
  ])('adds %s that changes nothing yet, and has something to learn with', (_, deeper) => {
    const start = trained(shallow);
    const { network, graph, weights } = deepen(start, deeper, random);
    expect(network).toEqual(deeper);
    expect(restored(graph, weights)).toEqual(restored(start.graph, start.weights));
    expect(weights.get('down2.weight')!.every((value) => value !== 0)).toBe(true);
  });

  it('keeps the channels of the levels that it has, for `widen` to add to', () => {
    const start = trained(shallow);
    const wide = unet([16, 24, 8], [1, 1, 1], undefined, [1, 0]);
    const deeper = deepen(start, wide, random);
    expect(deeper.network).toEqual(unet([8, 16, 8], [1, 1, 1], undefined, [1, 0]));
    expect(widen(deeper, buildNetwork(wide), random).size).toBeGreaterThan(start.weights.size);
  });

  it('leaves alone what is as deep, and another network', () => {
    const start = trained(shallow);
    expect(deepen(start, unet([16, 24]), random)).toBe(start);
    expect(deepen(start, enlarger(8), random)).toBe(start);
  });
});
