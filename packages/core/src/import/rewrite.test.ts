import { expect, test } from 'vitest';
import type { NamedArray } from '../model/safetensors.ts';
import { foldBatchNorm, join, rename, untranspose } from './rewrite.ts';

const array = (shape: number[], values: number[]): NamedArray => ({
  shape,
  data: Float32Array.from(values),
});
const vector = (...values: number[]) => array([values.length], values);

test('rename uses the first rule that fits, and keeps other names', () => {
  const stateDict = new Map([
    ['body.0.conv.weight', vector(1)],
    ['tail.weight', vector(2)],
  ]);
  const rules = [
    [/^body\.(\d+)\.conv/, 'blocks.$1'],
    [/weight$/, 'w'],
  ] as const;
  expect([...rename(stateDict, rules).keys()]).toEqual(['blocks.0.weight', 'tail.w']);
  expect(() => rename(stateDict, [[/.*/, 'one']])).toThrow(/two tensors that mean "one"/);
});

test('join stacks the outputs of layers that read one input', () => {
  const stateDict = new Map([
    ['to_q.weight', array([1, 2], [1, 2])],
    ['to_kv.weight', array([2, 2], [3, 4, 5, 6])],
    ['other', vector(9)],
  ]);
  const joined = join(stateDict, ['to_q.weight', 'to_kv.weight'], 'qkv.weight');
  expect([...joined.keys()]).toEqual(['other', 'qkv.weight']);
  expect(joined.get('qkv.weight')).toEqual(array([3, 2], [1, 2, 3, 4, 5, 6]));
  expect(() => join(stateDict, ['to_q.weight', 'other'], 'x')).toThrow(/"other" has shape \[1\]/);
  expect(() => join(stateDict, ['to_q.weight', 'nowhere'], 'x')).toThrow(/no tensor "nowhere"/);
});

test('foldBatchNorm gives what the convolution and the normalisation give one after the other', () => {
  const [weights, bias] = [
    [0.5, -1, 2, 0.25],
    [0.1, -0.2],
  ];
  const [gamma, beta, mean, variance] = [
    [1.5, 0.5],
    [0.3, -0.4],
    [0.2, 0.6],
    [4, 0.25],
  ] as const;
  const stateDict = new Map([
    ['conv.weight', array([2, 2, 1, 1], weights!)],
    ['conv.bias', vector(...bias!)],
    ['bn.weight', vector(...gamma)],
    ['bn.bias', vector(...beta)],
    ['bn.running_mean', vector(...mean)],
    ['bn.running_var', vector(...variance)],
    ['bn.num_batches_tracked', vector(7)],
  ]);
  const folded = foldBatchNorm(stateDict, 'conv', 'bn');
  expect([...folded.keys()].sort()).toEqual(['conv.bias', 'conv.weight']);
  const x = [0.7, -0.3];
  for (const output of [0, 1]) {
    const dot = (w: ArrayLike<number>) => w[2 * output]! * x[0]! + w[2 * output + 1]! * x[1]!;
    const plain = dot(weights!) + bias![output]!;
    const normal =
      (gamma[output]! * (plain - mean[output]!)) / Math.sqrt(variance[output]! + 1e-5) + beta[output]!;
    const found = dot(folded.get('conv.weight')!.data) + folded.get('conv.bias')!.data[output]!;
    expect(found).toBeCloseTo(normal, 5);
  }

  stateDict.delete('conv.bias');
  expect(foldBatchNorm(stateDict, 'conv', 'bn').get('conv.bias')!.data[0]).toBeCloseTo(
    0.3 - (1.5 * 0.2) / 2,
    5,
  );
  stateDict.set('bn.bias', vector(1));
  expect(() => foldBatchNorm(stateDict, 'conv', 'bn')).toThrow(/"bn\.bias" has shape \[1\].*\[2\]/);
});

test('untranspose gives the 1x1 convolution that depth-to-space follows', () => {
  // One input, two outputs, each with its own 2x2 square.
  const stateDict = new Map([
    ['up.weight', array([1, 2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40])],
    ['up.bias', vector(5, 6)],
  ]);
  const conv = untranspose(stateDict, 'up');
  // Top left of both outputs, then top right, ...
  expect(conv.get('up.weight')).toEqual(array([8, 1, 1, 1], [1, 10, 2, 20, 3, 30, 4, 40]));
  expect(conv.get('up.bias')).toEqual(vector(5, 6, 5, 6, 5, 6, 5, 6));
  expect(() => untranspose(new Map([['up.weight', array([1, 1, 2, 1], [1, 2])]]), 'up')).toThrow(
    /\[1, 1, 2, 2\]/,
  );
});
