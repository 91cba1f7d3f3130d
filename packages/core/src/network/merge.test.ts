import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { livelyWeights, noise } from '../../testing/networks.ts';
import { largestDifference } from '../../testing/reference.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { macsPerPixel, parameters, weightsOf } from './cost.ts';
import { enlargement } from './graph.ts';
import { infer } from './infer.ts';
import { mergeNetworks, mergeWeights } from './merge.ts';

beforeAll(useTrainingWasm);

const swin = { width: 8, depths: [1], heads: 2, window: 4, expansion: 2 };

describe.each([
  [{ kind: 'dctswin', scale: 2, images: 3, output: 'photograph', ...swin }, 4],
  [{ kind: 'blend', images: 3 }, 1],
] as [NetworkConfig, number][])('merged by %j', (merging, alignment) => {
  const teachers = [
    buildNetwork({ kind: 'edge-sr', scale: 2, width: 8, depth: 1 }),
    buildNetwork({ kind: 'imdn', scale: 2, width: 16, blocks: 1 }),
    buildNetwork({ kind: 'edge-sr', scale: 2, width: 8, depth: 2 }),
  ];
  const merger = buildNetwork(merging);
  const merged = mergeNetworks(teachers, merger);

  it('gives what its parts give one after another', async () => {
    const parts = teachers.map(livelyWeights);
    const own = livelyWeights(merger);
    const input = noise(8, 12);
    const images = teachers.map((teacher, i) => infer(teacher, parts[i]!, input));
    const expected = infer(merger, own, tf.concat(images, 3));
    const weights = mergeWeights(
      parts.map((part) => Object.entries(part)),
      Object.entries(own),
    );
    expect([...weights.keys()].sort()).toEqual(
      weightsOf(merged)
        .map(({ name }) => name)
        .sort(),
    );
    const output = infer(merged, Object.fromEntries(weights), input);
    expect(await largestDifference(output, expected)).toBe(0);
  });

  it('costs what they cost, is aligned for all of them, and names the taps of each', () => {
    expect(enlargement(merged)).toBe(2);
    expect(merged.alignment).toBe(alignment);
    const all = [...teachers, merger];
    expect(parameters(merged)).toBe(all.reduce((sum, graph) => sum + parameters(graph), 0));
    const work = teachers.reduce((sum, graph) => sum + macsPerPixel(graph), 4 * macsPerPixel(merger));
    expect(macsPerPixel(merged)).toBeCloseTo(work, 3);
    expect(merged.taps).toMatchObject({ 'teacher2.body1': expect.any(Number) });
  });
});
