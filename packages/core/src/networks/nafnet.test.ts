import { describe, expect, it } from 'vitest';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';
import { macsPerPixel, parameters } from '../network/cost.ts';
import { buildNetwork, networkConfig } from './index.ts';

describe('NAFNet', () => {
  const small = { kind: 'nafnet', width: 8, encoder: [1, 1, 2], middle: 1, decoder: [1, 1, 1] };
  describeReference('nafnet.safetensors', small);
  describeTraining(small);
  describeMemory(small);

  // At 256x256 pixels, as the official code counts.
  it.each([
    { settings: {}, millions: 29.16, gigamacs: 16.04 },
    { settings: { width: 64 }, millions: 115.98, gigamacs: 63.22 },
    {
      settings: { encoder: [1, 1, 1, 28], middle: 1, decoder: [1, 1, 1, 1] },
      millions: 17.11,
      gigamacs: 15.95,
    },
  ])('with $settings has $millions M parameters and $gigamacs GMACs', ({ settings, millions, gigamacs }) => {
    const graph = buildNetwork(networkConfig.parse({ kind: 'nafnet', ...settings }));
    expect(parameters(graph) / 1e6).toBeCloseTo(millions, 2);
    expect((macsPerPixel(graph) * 256 ** 2) / 1e9).toBeCloseTo(gigamacs, 1);
    expect(graph.alignment).toBe(16);
  });
});
