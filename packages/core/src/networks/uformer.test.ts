import { describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import {
  describeMemory,
  describeReference,
  describeTraining,
  livelyWeights,
} from '../../testing/networks.ts';
import { macsPerPixel, parameters, peakMemory } from '../network/cost.ts';
import { Random } from '../random.ts';
import { Restorer } from '../restore/restorer.ts';
import { planTiles } from '../restore/tiles.ts';
import { buildNetwork, networkConfig } from './index.ts';

describe('Uformer', () => {
  // The cpu engine takes half a minute for it; it agrees with wasm on the small network below.
  const reference = { kind: 'uformer', width: 8, blocks: Array(9).fill(1), size: 128 };
  describeReference('uformer.safetensors', reference, ['wasm']);
  // Windows of 4, 4, 4, 4 and 2 positions: shifted on the first level.
  const small = { kind: 'uformer', width: 4, blocks: [2, 0, 0, 0, 1, 0, 0, 0, 2], window: 4, size: 32 };
  describeTraining(small);
  describeMemory({ ...small, window: 8 });

  // The official count of MACs takes up-sampling four times, and the norms as one multiplication a value.
  it.each([
    { name: 'B', settings: {}, millions: 50.88, official: 89.46 },
    {
      name: 'S',
      settings: { blocks: Array(9).fill(2), modulator: false },
      millions: 20.63,
      official: 43.86,
    },
    {
      name: 'T',
      settings: { width: 16, blocks: Array(9).fill(2), modulator: false },
      millions: 5.23,
      official: 12.0,
    },
  ])('is as large as the published Uformer-$name', ({ settings, millions, official }) => {
    const graph = buildNetwork(networkConfig.parse({ kind: 'uformer', ...settings }));
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    const ups = graph.nodes.map((node) =>
      node.op === 'conv' && node.name.startsWith('upsample')
        ? (node.inputChannels * node.channels) / node.stride ** 2
        : 0,
    );
    const norms = graph.nodes.map((node) =>
      node.op === 'layer-norm' ? node.channels / node.stride ** 2 : 0,
    );
    expect(parameters(graph) / 1e6).toBeCloseTo(millions, 2);
    const counted = macsPerPixel(graph) + 3 * sum(ups) + sum(norms);
    expect((counted * 256 ** 2) / 1e9).toBeCloseTo(official, 1);
    expect(graph.alignment).toBe(128);
  });

  it('does not shift windows that are no smaller than a level of the training patches', () => {
    const shifts = (size: number) =>
      buildNetwork(networkConfig.parse({ kind: 'uformer', size }))
        .nodes.filter((node) => node.op === 'window-attention')
        .map(({ window, shift, stride }) => ({ window, shift, stride }));
    expect(shifts(256)).toContainEqual({ window: 8, shift: 4, stride: 16 });
    expect(shifts(128)).toContainEqual({ window: 8, shift: 4, stride: 8 });
    expect(shifts(128).filter(({ stride, shift }) => stride === 16 && shift > 0)).toEqual([]);
    expect(shifts(64)).toContainEqual({ window: 4, shift: 0, stride: 16 });
    expect(networkConfig.safeParse({ kind: 'uformer', size: 16 }).success).toBe(false);
  });

  it('gives the same photograph in tiles as whole', async () => {
    await useTrainingWasm();
    const network = networkConfig.parse({ ...small, blocks: [2, 0, 0, 0, 0, 0, 0, 0, 2] });
    const graph = buildNetwork(network);
    const tensors = Object.entries(livelyWeights(graph));
    const weights = new Map(
      await Promise.all(tensors.map(async ([name, t]) => [name, Float32Array.from(await t.data())] as const)),
    );
    const model = { name: 'test', task: 'denoise', network, graph, weights };
    const random = new Random(1);
    const data = Float32Array.from({ length: 187 * 30 * 3 }, () => random.next());
    const photograph = { width: 187, height: 30, channels: 3 as const, data };
    const [once, inTiles] = [peakMemory(graph, 32, 192), peakMemory(graph, 32, 144)];
    expect(planTiles(graph, 187, 30, once).columns).toHaveLength(1);
    expect(planTiles(graph, 187, 30, inTiles).columns.length).toBeGreaterThan(1);
    const [whole, tiled] = await Promise.all(
      [once, inTiles].map((memory) => new Restorer(model, { memory }).restore(photograph)),
    );
    const difference = whole!.data.map((value, i) => Math.abs(value - tiled!.data[i]!));
    expect(Math.max(...difference)).toBeLessThan(1e-5);
  });
});
