import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { builds, errorAgainstCpu, errorAgainstDifferences, noise, useBuild } from './testing.ts';

interface Case {
  /** [batch, height, width, channels]. */
  input: [number, number, number, number];
  kernel: [number, number];
  stride?: number;
  dilation?: number;
  pad?: 'same' | 'valid';
}

/** Odd sizes, channels around the vectors' width, rows shorter and longer than a run, every kind of border. */
const cases: Case[] = [
  { input: [1, 1, 1, 1], kernel: [3, 3] },
  { input: [2, 5, 7, 2], kernel: [3, 3] },
  { input: [1, 9, 5, 3], kernel: [3, 3], pad: 'valid' },
  { input: [2, 6, 6, 4], kernel: [3, 3] },
  { input: [1, 17, 31, 5], kernel: [3, 3] },
  { input: [8, 8, 8, 33], kernel: [3, 3] },
  { input: [1, 12, 70, 130], kernel: [3, 3] },
  { input: [1, 9, 8, 1024], kernel: [3, 3] },
  { input: [1, 13, 11, 6], kernel: [3, 3], stride: 2 },
  { input: [2, 16, 18, 7], kernel: [5, 5], stride: 2, pad: 'valid' },
  { input: [1, 14, 15, 12], kernel: [3, 3], dilation: 2 },
  { input: [1, 9, 40, 16], kernel: [5, 5], dilation: 3 },
  { input: [2, 10, 21, 9], kernel: [5, 5] },
  { input: [1, 12, 12, 64], kernel: [7, 7] },
  { input: [1, 3, 4, 8], kernel: [7, 7] },
  { input: [2, 8, 9, 4], kernel: [1, 3] },
  { input: [1, 12, 12, 3], kernel: [11, 11] },
];

const random = new Random('depthwise');

describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it.each(cases)('convolves $input by $kernel, stride $stride, dilation $dilation, $pad', (one) => {
    const { input, kernel, stride = 1, dilation = 1, pad = 'same' } = one;
    const filterShape = [...kernel, input[3], 1];
    const info = tf.backend_util.computeConv2DInfo(
      input,
      filterShape as [number, number, number, number],
      stride,
      dilation,
      pad,
      undefined,
      true,
    );
    const [x, filter, dy] = [input, filterShape, info.outShape].map((shape) => noise(random, shape));
    const attrs = { strides: [stride, stride], dilations: [dilation, dilation], pad };
    const kernels = (...names: [string, tf.NamedAttrMap][]) => {
      const inputs = {
        x: tf.tensor(x!, input),
        filter: tf.tensor(filter!, filterShape),
        dy: tf.tensor(dy!, info.outShape),
      };
      return names.map(
        ([name, more]) => tf.engine().runKernel(name, inputs, { ...attrs, ...more }) as tf.Tensor,
      );
    };
    const forward = [tf.DepthwiseConv2dNative, {}] as [string, tf.NamedAttrMap];
    const gradients: [string, tf.NamedAttrMap][] = [
      [tf.DepthwiseConv2dNativeBackpropInput, { inputShape: input }],
      [tf.DepthwiseConv2dNativeBackpropFilter, { filterShape }],
    ];
    // The cpu backend overlooks the dilation in its gradients.
    if (dilation === 1) expect(errorAgainstCpu(() => kernels(forward, ...gradients))).toBeLessThan(1e-5);
    else expect(errorAgainstCpu(() => kernels(forward))).toBeLessThan(1e-5);
    // A product of three: dy y = dx x = dw w, whatever the geometry.
    const [y, dx, dw] = tf.tidy(() => kernels(forward, ...gradients).map((tensor) => tensor.dataSync()));
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
    const size = Math.sqrt(dot(y!, y!) * dot(dy!, dy!));
    expect(Math.abs(dot(dx!, x!) - dot(y!, dy!)) / size).toBeLessThan(1e-5);
    expect(Math.abs(dot(dw!, filter!) - dot(y!, dy!)) / size).toBeLessThan(1e-5);
  });

  it.each([
    [1, 1, 1, 3],
    [2, 9, 35, 5],
    [1, 17, 9, 24],
    [1, 6, 70, 33],
  ] as const)('convolves two filters a channel of %j', (...input) => {
    const shapes = [[...input], [3, 3, input[3], 2], [2 * input[3]]];
    const values = shapes.map((shape) => noise(random, shape));
    const error = errorAgainstCpu(() => {
      const [x, filter, bias] = shapes.map((shape, i) => tf.tensor(values[i]!, shape));
      const options = { x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias: bias!, strides: 1 };
      return [tf.fused.depthwiseConv2d({ ...options, pad: 'same', activation: 'relu' })];
    });
    expect(error).toBeLessThan(1e-5);
  });

  it('fuses bias and activation as the cpu backend does', () => {
    for (const channels of [3, 6, 8])
      for (const activation of ['linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu'] as const) {
        const shapes = [[2, 6, 13, channels], [3, 3, channels, 1], [channels], [channels]];
        const values = shapes.map((shape) => noise(random, shape));
        const error = errorAgainstCpu(() => {
          const [x, filter, bias, slope] = shapes.map((shape, i) => tf.tensor(values[i]!, shape));
          return [
            tf.fused.depthwiseConv2d({
              x: x as tf.Tensor4D,
              filter: filter as tf.Tensor4D,
              bias: bias!,
              ...(activation === 'prelu' ? { preluActivationWeights: slope! } : {}),
              strides: 1,
              pad: 'same',
              activation,
              leakyreluAlpha: 0.2,
            }),
          ];
        });
        expect(error, `${activation}, ${channels}`).toBeLessThan(1e-5);
      }
  });

  it('agrees with finite differences', () => {
    const x = tf.tensor4d(noise(random, [2, 9, 14, 10]), [2, 9, 14, 10]);
    const filter = tf.tensor4d(noise(random, [3, 3, 10, 1]), [3, 3, 10, 1]);
    const toInput = (input: tf.Tensor) => tf.depthwiseConv2d(input as tf.Tensor4D, filter, 1, 'same');
    const toFilter = (input: tf.Tensor) => tf.depthwiseConv2d(x, input as tf.Tensor4D, 1, 'same');
    expect(errorAgainstDifferences(random, x.shape, toInput)).toBeLessThan(1e-3);
    expect(errorAgainstDifferences(random, filter.shape, toFilter)).toBeLessThan(1e-3);
    tf.dispose([x, filter]);
  });
});
