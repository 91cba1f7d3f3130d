import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { opOf } from '../network/ops/index.ts';
import type { WindowAttention } from '../network/ops/window-attention.ts';
import { Random } from '../random.ts';
import { builds, errorAgainstCpu, errorAgainstDifferences, noise, useBuild } from './testing.ts';

const random = new Random('window-attention');

interface Case {
  /** [batch, height, width]. */
  positions: [number, number, number];
  window: number;
  heads: number;
  /** Channels of a head. */
  depth: number;
  shift: number;
  tokens?: 'positions' | 'frequencies';
}

/** Windows and heads around the vectors' width, alone and many, shifted or not. */
const cases: Case[] = [
  { positions: [1, 2, 2], window: 2, heads: 1, depth: 1, shift: 0 },
  { positions: [1, 4, 6], window: 2, heads: 3, depth: 5, shift: 1 },
  { positions: [2, 6, 3], window: 3, heads: 2, depth: 4, shift: 0 },
  { positions: [2, 8, 12], window: 4, heads: 2, depth: 7, shift: 2, tokens: 'frequencies' },
  { positions: [1, 8, 8], window: 4, heads: 1, depth: 8, shift: 0, tokens: 'frequencies' },
  { positions: [2, 14, 21], window: 7, heads: 2, depth: 6, shift: 3 },
  { positions: [1, 16, 24], window: 8, heads: 3, depth: 10, shift: 4 },
  { positions: [1, 16, 8], window: 8, heads: 1, depth: 33, shift: 0 },
];

function attention({ window, heads, depth, shift, tokens = 'positions' }: Case) {
  const node: WindowAttention = {
    ...{ op: 'window-attention', name: 'a', inputs: [0], channels: heads * depth, stride: 1 },
    ...{ window, heads, shift, tokens },
  };
  return (qkv: tf.Tensor, table: tf.Tensor): tf.Tensor =>
    opOf(node).run(node, [qkv as tf.Tensor4D], { 'a.relative_position_bias_table': table }, {});
}

describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it.each(cases)(
    'attends as the cpu backend does, with its gradients: $positions, window $window, $heads x $depth',
    (one) => {
      const { positions, window, heads, depth } = one;
      const shapes = [
        [...positions, 3 * heads * depth],
        [(2 * window - 1) ** 2, heads],
        [...positions, heads * depth],
      ];
      const [qkv, table, dy] = shapes.map((shape) => noise(random, shape).map((value) => 2 * value));
      const f = attention(one);
      const run = () => {
        const inputs = [tf.tensor(qkv!, shapes[0]!), tf.tensor(table!, shapes[1]!)] as const;
        return [f(...inputs), ...tf.grads(f)([...inputs], tf.tensor(dy!, shapes[2]!))];
      };
      expect(errorAgainstCpu(run)).toBeLessThan(1e-5);
    },
  );

  it('attends where logits are far apart', () => {
    const one: Case = { positions: [1, 8, 8], window: 8, heads: 2, depth: 4, shift: 0 };
    const [qkv, table] = [noise(random, [1, 8, 8, 24]).map((value) => 60 * value), noise(random, [225, 2])];
    const error = errorAgainstCpu(() => [
      attention(one)(tf.tensor(qkv, [1, 8, 8, 24]), tf.tensor(table, [225, 2])),
    ]);
    expect(error).toBeLessThan(1e-4); // logits of thousands, whose last digits decide
  });

  it('agrees with finite differences', () => {
    const one: Case = { positions: [1, 8, 8], window: 4, heads: 2, depth: 6, shift: 2 };
    const f = attention(one);
    const [qkv, table] = [
      tf.tensor(noise(random, [1, 8, 8, 36]), [1, 8, 8, 36]),
      tf.tensor(noise(random, [49, 2]), [49, 2]),
    ];
    const toQkv = (x: tf.Tensor) => f(x, table);
    const toTable = (x: tf.Tensor) => f(qkv, x);
    expect(errorAgainstDifferences(random, qkv.shape, toQkv, 0.02)).toBeLessThan(5e-3);
    expect(errorAgainstDifferences(random, table.shape, toTable, 0.02)).toBeLessThan(5e-3);
    tf.dispose([qkv, table]);
  });
});
