import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';
import { macsPerPixel, parameters } from '../network/cost.ts';
import { infer } from '../network/infer.ts';
import { trace } from '../network/trace.ts';
import { buildNetwork, networkConfig } from './index.ts';

describe('Restormer', () => {
  describeReference('restormer.safetensors', {
    kind: 'restormer',
    width: 8,
    blocks: [1, 2, 1, 1],
    refinement: 1,
  });
  const small = { kind: 'restormer', width: 8, blocks: [1, 1, 1], heads: [1, 2, 4], refinement: 1 };
  describeTraining(small);
  describeMemory(small);
  describeMemory({ ...small, biasFree: true });

  // Without attention's own products: 140.99 G, the figure that the paper and its followers give for the first.
  it.each([
    { settings: {}, millions: 26.127, convolutions: 140.99, all: 154.88 },
    { settings: { width: 24, blocks: [2, 3, 3, 4], refinement: 2 }, millions: 3.813, convolutions: 19.91 },
    { settings: { width: 24 }, millions: 6.676, convolutions: 37.0 },
    { settings: { width: 24, blocks: [1, 2, 2, 4], refinement: 2 }, millions: 3.475, convolutions: 15.33 },
    { settings: { width: 16 }, millions: 3.034, convolutions: 17.28 },
    { settings: { width: 32, blocks: [1, 2, 2, 2], refinement: 2 }, millions: 4.516, convolutions: 25.05 },
  ])('with $settings has $millions M parameters', ({ settings, millions, convolutions, all }) => {
    const graph = buildNetwork(networkConfig.parse({ kind: 'restormer', ...settings }));
    const attention = graph.nodes.filter((node) => node.op === 'channel-attention');
    const products = attention.reduce(
      (sum, { channels, heads, stride }) => sum + (2 * channels ** 2) / heads / stride ** 2,
      0,
    );
    const giga = (perPixel: number) => (perPixel * 256 ** 2) / 1e9;
    expect(parameters(graph) / 1e6).toBeCloseTo(millions, 3);
    expect(giga(macsPerPixel(graph) - products)).toBeCloseTo(convolutions, 2);
    if (all) expect(giga(macsPerPixel(graph))).toBeCloseTo(all, 2);
  });

  it('names the level whose heads do not fit', () => {
    const config = { kind: 'restormer', width: 10, heads: [1, 3, 4, 8] };
    expect(networkConfig.safeParse(config).error?.issues[0]).toMatchObject({ path: ['heads'] });
    expect(networkConfig.safeParse({ kind: 'restormer', blocks: [1, 1] }).success).toBe(false);
  });

  it('only divides by the deviation where it is bias-free', async () => {
    const biasFree = buildNetwork(networkConfig.parse({ kind: 'restormer', biasFree: true }));
    const norms = biasFree.nodes.filter((node) => node.op === 'layer-norm');
    expect(norms).toHaveLength(2 * (2 * (4 + 6 + 6) + 8 + 4));
    expect(norms.every(({ centred }) => !centred)).toBe(true);
    await useTrainingWasm();
    const norm = trace((ops, x) => ops.layerNorm(x, { name: 'a', epsilon: 0, centred: false }), 4);
    // Mean 3, variance 3.5.
    const weights = { 'a.weight': tf.tensor1d([1, 1, 1, 2]) };
    const output = await infer(norm, weights, tf.tensor4d([1, 2, 3, 6], [1, 1, 1, 4])).data();
    for (const [i, value] of [1, 2, 3, 12].entries())
      expect(output[i]).toBeCloseTo(value / Math.sqrt(3.5), 5);
  });
});
