import { describe, expect, it } from 'vitest';
import { describeMemory, describeReference, describeTraining } from '../../testing/networks.ts';
import { macsPerPixel, parameters } from '../network/cost.ts';
import { opOf } from '../network/ops/index.ts';
import { buildNetwork, networkConfig } from './index.ts';

describe('DRSformer', () => {
  describeReference('drsformer.safetensors', { kind: 'drsformer', width: 8, blocks: [1, 1, 1, 1] });
  const small = { kind: 'drsformer', width: 8, blocks: [1, 1], heads: [1, 2], mixtureSteps: 1 };
  describeTraining(small, 1e-3);
  describeMemory(small);

  it('is as large as published', () => {
    const graph = buildNetwork(networkConfig.parse({ kind: 'drsformer' }));
    expect(parameters(graph) / 1e6).toBeCloseTo(33.66, 2);
    const total = (kind: string) =>
      graph.nodes
        .filter((node) => node.op === kind)
        .reduce((sum, node) => sum + opOf(node).macs!(node) / node.stride ** 2, 0);
    // The official code multiplies the values by four attentions one after another, where here the attentions are
    // summed first, and its 242.9 G do not count the average pooling.
    const official =
      macsPerPixel(graph) - total('average-pool') + (3 / 2) * total('sparse-channel-attention');
    expect((official * 256 ** 2) / 1e9).toBeCloseTo(242.98, 2);
  });

  it('refuses heads of a single channel', () => {
    const config = { kind: 'drsformer', width: 4, blocks: [1, 1], heads: [4, 1] };
    expect(networkConfig.safeParse(config).error?.issues[0]).toMatchObject({ path: ['heads'] });
  });

  it('leaves the mixtures out where they have no steps', () => {
    const graph = buildNetwork(networkConfig.parse({ kind: 'drsformer', mixtureSteps: 0 }));
    expect(graph.nodes.filter((node) => node.op === 'average-pool')).toHaveLength(0);
    expect(parameters(graph) / 1e6).toBeCloseTo(32.61, 2);
  });
});
