import { expect, it } from 'vitest';
import type { NamedArray } from '../../model/safetensors.ts';
import { weightsOf } from '../../network/cost.ts';
import { buildNetwork, networkConfig } from '../../networks/index.ts';
import { importModel } from '../import-model.ts';
import type { StateDict } from '../state-dict.ts';

/** Batch norms that take 1 off, halve and add 3, but for what they add to the variance. */
const norm = (name: string, channels: number): [string, NamedArray][] =>
  Object.entries({ weight: 1, bias: 3, running_mean: 1, running_var: 4 }).map(([part, value]) => [
    `${name}.${part}`,
    { shape: [channels], data: new Float32Array(channels).fill(value) },
  ]);

/** The official state dict: convolutions whose weights are all `value`, and batch norms. */
function official(kind: string, norms: string[], biased: (layer: string) => boolean): StateDict {
  const width = 4;
  const graph = buildNetwork(networkConfig.parse({ kind, width }));
  const convolutions = weightsOf(graph)
    .filter(({ name }) => !norms.includes(name.replace(/\.\w+$/, '')))
    .filter(({ name }) => name.endsWith('.weight') || biased(name.replace(/\.bias$/, '')))
    .map(({ name, shape }): [string, NamedArray] => {
      const [height = 1, columns, inputs, outputs] = shape;
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        {
          shape: columns ? [outputs!, inputs!, height, columns] : shape,
          data: new Float32Array(size).fill(1),
        },
      ];
    });
  return new Map([...convolutions, ...norms.flatMap((name) => norm(name, width))]);
}

it("takes ADNet's batch norms into its convolutions", () => {
  const norms = Array.from({ length: 15 }, (_, index) => `conv1_${index + 1}.1`);
  const stateDict = official('adnet', norms, (layer) => layer === 'conv3');
  const network = networkConfig.parse({ kind: 'adnet', width: 4 });
  const { model, leftOver } = importModel({ stateDict, network, name: 'test', task: 'denoise' });
  expect(leftOver).toEqual([]);
  expect(model.weights.get('conv1_9.0.weight')![0]).toBeCloseTo(0.5, 5);
  expect(model.weights.get('conv1_9.0.bias')![0]).toBeCloseTo(2.5, 5);
  expect(model.weights.get('conv1_16.weight')![0]).toBe(1);
  expect(model.weights.get('conv3.bias')![0]).toBe(1);
});

it("takes DCBDNet's batch norms into its convolutions, save those whose input is read twice", () => {
  const counts = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const norms = [
    ...[2, 3, 4, 5, 6].map((layer) => `fcn.fbn${layer}`),
    ...counts(11).map((layer) => `bn${layer}`),
    ...counts(6).map((layer) => `m_bn${layer}`),
    ...counts(5).map((layer) => `m_bn${layer}_1`),
  ];
  const stateDict = official('dcbdnet', norms, (layer) => layer.startsWith('fcn.'));
  const network = networkConfig.parse({ kind: 'dcbdnet', width: 4 });
  const { model, leftOver } = importModel({ stateDict, network, name: 'test', task: 'denoise' });
  expect(leftOver).toEqual([]);
  const first = (name: string) => model.weights.get(name)![0];
  // (1 + 0 - 1) / 2 + 3 where the convolution has a bias of 1, (0 - 1) / 2 + 3 where it has none.
  expect(first('fcn.fconv2.bias')).toBeCloseTo(3, 5);
  expect(first('conv1.weight')).toBeCloseTo(0.5, 4);
  expect(first('conv1.bias')).toBeCloseTo(2.5, 4);
  expect(first('m_dilatedconv5_1.bias')).toBeCloseTo(2.5, 4);
  expect(first('m_dilatedconv5.weight')).toBe(1);
  expect(first('m_bn5.weight')).toBeCloseTo(0.5, 4);
  expect(first('m_bn5.bias')).toBeCloseTo(2.5, 4);
});
