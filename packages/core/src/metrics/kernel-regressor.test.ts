import { expect, it } from 'vitest';
import { readSupportVectorModel, regress } from './kernel-regressor.ts';

const model = `svm_type epsilon_svr
kernel_type rbf
gamma 0.5
nr_class 2
total_sv 2
rho -3
SV
-2 1:1 2:0.5
4 2:-1
`;
const ranges = `x
-1 1
1 0 10
2 -1 3
`;

it('reads what libsvm writes, and sums its kernels', () => {
  const svm = readSupportVectorModel(model, ranges);
  expect(svm).toEqual({
    gamma: 0.5,
    offset: 3,
    lower: [0, -1],
    upper: [10, 3],
    vectors: [
      [1, 0.5],
      [0, -1],
    ],
    coefficients: [-2, 4],
  });
  // Features 5 and -1 are scaled to 0 and -1.
  expect(regress(svm, [5, -1])).toBeCloseTo(3 - 2 * Math.exp(-0.5 * (1 + 2.25)) + 4, 12);
  expect(readSupportVectorModel(model.replaceAll('\n', '\r\n'), ranges)).toEqual(svm);
});

it('refuses what is not such a model', () => {
  for (const [text, scales] of [
    ['', ranges],
    [model, ''],
    [model.replace('rbf', 'linear'), ranges],
    [model.replace('total_sv 2', 'total_sv 3'), ranges],
    [model.replace('2:0.5', '2:x'), ranges],
    [model.replace('2:0.5', '3:0.5'), ranges],
    [model, ranges.replace('2 -1 3', '3 -1 3')],
    [model, ranges.replace('2 -1 3', '2 3 3')],
    [model, ranges.replace('-1 1', '0 1')],
  ] as const) {
    expect(() => readSupportVectorModel(text, scales)).toThrow(
      expect.objectContaining({ name: 'PellucidError', code: 'metric/svm' }),
    );
  }
});
