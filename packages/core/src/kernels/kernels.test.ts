import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { PellucidError } from '../errors.ts';
import { Random } from '../random.ts';
import { wasmMemory } from './index.ts';
import {
  builds,
  errorAgainstCpu,
  errorAgainstDifferences,
  relativeError,
  noise as uniform,
  useBuild,
} from './testing.ts';

/**
 * [batch, height, width, inChannels], [filterHeight, filterWidth, outChannels], stride, padding, dilation.
 */
interface Convolution {
  input: [number, number, number, number];
  filter: [number, number];
  outChannels: number;
  stride: [number, number];
  pad: 'same' | 'valid';
  dilation: number;
}

const random = new Random('kernels');
const pick = <T>(values: readonly T[]) => values[random.integer(values.length)]!;
const noise = (shape: number[]) => uniform(random, shape);

/** 0, 1 .. size - 1 in random order. */
function shuffled(size: number): number[] {
  const order = Array.from({ length: size }, (_, i) => ({ i, at: random.next() }));
  return order.sort((a, b) => a.at - b.at).map(({ i }) => i);
}

/** Calls `visit` with the flat indices (x, w, y) of every product of a convolution. */
function forEachProduct(
  info: tf.backend_util.Conv2DInfo,
  visit: (x: number, w: number, y: number) => void,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } = info;
  for (let image = 0; image < info.batchSize; image++)
    for (let outY = 0; outY < outHeight; outY++)
      for (let outX = 0; outX < outWidth; outX++)
        for (let i = 0; i < filterHeight; i++)
          for (let j = 0; j < filterWidth; j++) {
            const inY = outY * info.strideHeight + i * info.dilationHeight - info.padInfo.top;
            const inX = outX * info.strideWidth + j * info.dilationWidth - info.padInfo.left;
            if (inY < 0 || inX < 0 || inY >= inHeight || inX >= inWidth) continue;
            const x = ((image * inHeight + inY) * inWidth + inX) * inChannels;
            const w = (i * filterWidth + j) * inChannels * outChannels;
            const y = ((image * outHeight + outY) * outWidth + outX) * outChannels;
            for (let c = 0; c < inChannels; c++)
              for (let o = 0; o < outChannels; o++) visit(x + c, w + c * outChannels + o, y + o);
          }
}

/** A convolution with random values, and its output and gradients by plain loops in float64. */
function solve({ input, filter, outChannels, stride, pad, dilation }: Convolution) {
  const filterShape = [...filter, input[3], outChannels] as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(input, filterShape, stride, dilation, pad);
  const [x, w, dy] = [noise(input), noise(filterShape), noise(info.outShape)];
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  forEachProduct(info, (i, j, k) => {
    y[k]! += x[i]! * w[j]!;
    dx[i]! += dy[k]! * w[j]!;
    dw[j]! += dy[k]! * x[i]!;
  });
  return { info, x, w, dy, y, dx, dw };
}

/** The same by the kernels of the current backend. */
function checkConvolution({ info, x, w, dy, y, dx, dw }: ReturnType<typeof solve>): void {
  const {
    inShape,
    outShape,
    filterShape,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padInfo,
  } = info;
  const shared = {
    strides: [strideHeight, strideWidth],
    dilations: [dilationHeight, dilationWidth],
    pad: padInfo.type === 'SAME' ? 'same' : 'valid',
    dataFormat: 'NHWC',
  };
  tf.tidy(() => {
    const inputs = {
      x: tf.tensor(x, inShape),
      filter: tf.tensor(w, filterShape),
      dy: tf.tensor(dy, outShape),
    };
    const run = (name: string, attrs: tf.NamedAttrMap = {}) =>
      (tf.engine().runKernel(name, inputs, { ...shared, ...attrs }) as tf.Tensor).dataSync();
    expect(relativeError(run(tf.Conv2D), y), 'output').toBeLessThan(1e-5);
    expect(relativeError(run(tf.Conv2DBackpropInput, { inputShape: inShape }), dx), 'dx').toBeLessThan(1e-5);
    expect(relativeError(run(tf.Conv2DBackpropFilter, { filterShape }), dw), 'dw').toBeLessThan(1e-5);
  });
}

const name = (c: Convolution) =>
  `${c.input.join('x')} -> ${c.outChannels}, ${c.filter.join('x')} s${c.stride.join('x')} d${c.dilation} ${c.pad}`;

const sizes = [
  [1, 1],
  [3, 3],
  [5, 7],
  [17, 31],
] as const;
const channels = [1, 3, 8, 12, 32, 33, 64, 130] as const;

/** A seeded sample of the grid, of shapes that plain loops get through quickly. */
function sample(
  count: number,
  tap: () => Pick<Convolution, 'filter' | 'stride' | 'dilation'>,
): Convolution[] {
  const cases: Convolution[] = [];
  while (cases.length < count) {
    const { filter, stride, dilation } = tap();
    const [height, width] = pick(sizes);
    const pad = pick(['same', 'same', 'valid'] as const);
    const input: Convolution['input'] = [pick([1, 2, 8]), height, width, pick(channels)];
    const outChannels = pick(channels);
    const products = tf.util.sizeFromShape(input) * outChannels * filter[0] * filter[1];
    const fits = height > (filter[0] - 1) * dilation && width > (filter[1] - 1) * dilation;
    if (products < 4e6 && (fits || pad === 'same'))
      cases.push({ input, filter, outChannels, stride, pad, dilation });
  }
  return cases;
}

const winograd = sample(14, () => ({ filter: [3, 3], stride: [1, 1], dilation: 1 }));
const direct = sample(16, () => ({
  filter: pick<[number, number]>([
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
    [1, 3],
  ]),
  ...pick<Pick<Convolution, 'stride' | 'dilation'>>([
    { stride: [1, 1], dilation: 1 },
    { stride: [1, 1], dilation: 2 },
    { stride: [2, 2], dilation: 1 },
    { stride: [2, 1], dilation: 1 },
    { stride: [3, 3], dilation: 1 },
  ]),
}));
const plain = { filter: [3, 3], stride: [1, 1], pad: 'same', dilation: 1 } as const;
/** Shapes as training has them: sums over many blocks, every loop at full width. */
const wide = [
  { ...plain, input: [4, 32, 32, 32], outChannels: 32 },
  { ...plain, input: [1, 9, 150, 8], outChannels: 12, filter: [1, 1] },
  { ...plain, input: [2, 24, 24, 16], outChannels: 24, filter: [2, 2], stride: [2, 2], pad: 'valid' },
] as unknown as Convolution[];

const convolutions = [...winograd, ...direct, ...wide].map((c) => [name(c), solve(c)] as const);

beforeAll(useWasm);

it('asks for a running backend', () => {
  expect(() => wasmMemory(null)).toThrow(PellucidError);
});

// The composed kernels come first, so that they run on the stock convolution.
describe.each(builds)('%s', (_, file) => {
  beforeAll(() => useBuild(file));

  it.each(convolutions)('convolves %s', (_name, solved) => checkConvolution(solved));

  it('sums over all but the last axis', () => {
    for (const shape of [[7, 3], [2, 5, 5, 8], [300, 33], [2, 64, 64, 12], [4]]) {
      const x = noise(shape);
      const axes = shape.map((_, i) => i).slice(0, -1);
      const expected = new Float64Array(shape.at(-1)!);
      for (const [i, value] of x.entries()) expected[i % expected.length]! += value;
      const total = tf.tidy(() => tf.sum(tf.tensor(x, shape), axes).dataSync());
      expect(relativeError(total, shape.length > 1 ? expected : [...x])).toBeLessThan(1e-5);
    }
    expect(tf.tidy(() => tf.sum(tf.ones([2, 3, 4]), [0, 1], true).shape)).toEqual([1, 1, 4]);
    expect(tf.tidy(() => tf.sum(tf.ones([2, 3, 4]), 2).arraySync())).toEqual([
      [4, 4, 4],
      [4, 4, 4],
    ]);
  });

  it('fuses bias and activation as the cpu backend does', () => {
    for (const activation of ['linear', 'relu', 'relu6', 'prelu', 'leakyrelu', 'elu'] as const) {
      const [x, filter, bias, slope] = [[2, 6, 9, 12], [3, 3, 12, 20], [20], [20]].map((shape) => ({
        shape,
        values: noise(shape),
      }));
      const tensor = (t: typeof x) => tf.tensor(t!.values, t!.shape);
      const error = errorAgainstCpu(() => [
        tf.fused.conv2d({
          x: tensor(x) as tf.Tensor4D,
          filter: tensor(filter) as tf.Tensor4D,
          bias: tensor(bias),
          ...(activation === 'prelu' ? { preluActivationWeights: tensor(slope) } : {}),
          strides: 1,
          pad: 'same',
          activation,
          leakyreluAlpha: 0.2,
        }),
      ]);
      expect(error, activation).toBeLessThan(1e-5);
    }
  });

  it('has the depthwise gradients of the cpu backend', () => {
    for (const [multiplier, strides, pad] of [
      [1, 1, 'same'],
      [2, 1, 'valid'],
      [1, 2, 'same'],
      [3, 3, 'same'],
    ] as const) {
      const x = noise([2, 9, 11, 5]);
      const w = noise([3, 3, 5, multiplier]);
      const error = errorAgainstCpu(() =>
        tf.grads((x, w) => tf.square(tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad)))([
          tf.tensor(x, [2, 9, 11, 5]),
          tf.tensor(w, [3, 3, 5, multiplier]),
        ]),
      );
      expect(error, `${multiplier} ${strides} ${pad}`).toBeLessThan(1e-5);
    }
  });

  it('has the max pooling gradient of the cpu backend, ties included', () => {
    for (const [size, strides, pad] of [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 1, 'same'],
      [2, 3, 'valid'],
    ] as const) {
      const x = noise([2, 7, 9, 3]).map((value) => Math.round(value * 4));
      const error = errorAgainstCpu(() => [
        tf.grad((x) => tf.square(tf.maxPool(x as tf.Tensor4D, size, strides, pad)))(
          tf.tensor(x, [2, 7, 9, 3]),
        ),
      ]);
      expect(error, `${size} ${strides} ${pad}`).toBeLessThan(1e-6);
    }
  });

  it('has the gradient of nearest-neighbour enlargement, on the cpu backend too', () => {
    const shape = [3, 4, 5, 2];
    const enlarge = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [8, 15]);
    const x = noise(shape);
    expect(errorAgainstCpu(() => [tf.grad((x) => tf.square(enlarge(x)))(tf.tensor(x, shape))])).toBeLessThan(
      1e-6,
    );
    for (const backend of ['cpu', 'wasm']) {
      tf.setBackend(backend);
      expect(errorAgainstDifferences(random, shape, enlarge), backend).toBeLessThan(1e-3);
    }
  });

  it('agrees with finite differences', () => {
    const w = tf.tensor4d(noise([3, 3, 8, 12]), [3, 3, 8, 12]);
    const thin = tf.tensor4d(noise([3, 3, 8, 1]), [3, 3, 8, 1]);
    const x = tf.tensor4d(noise([2, 10, 12, 8]), [2, 10, 12, 8]);
    // So far apart that no step changes which is largest.
    const apart = tf.mul(4, tf.tensor(shuffled(6 * 8 * 4), [1, 6, 8, 4]));
    const functions: Record<string, [number[], (input: tf.Tensor) => tf.Tensor]> = {
      'conv2d, x': [[2, 10, 12, 8], (input) => tf.conv2d(input as tf.Tensor4D, w, 1, 'same')],
      'conv2d, filter': [[3, 3, 8, 12], (input) => tf.conv2d(x, input as tf.Tensor4D, 1, 'same')],
      'conv2d with stride, x': [[2, 10, 12, 8], (input) => tf.conv2d(input as tf.Tensor4D, w, 2, 'same')],
      'conv2d with stride, filter': [[3, 3, 8, 12], (input) => tf.conv2d(x, input as tf.Tensor4D, 2, 'same')],
      bias: [[12], (input) => tf.add(tf.conv2d(x, w, 1, 'same'), input)],
      'depthwise, x': [[2, 10, 12, 8], (input) => tf.depthwiseConv2d(input as tf.Tensor4D, thin, 1, 'same')],
      'depthwise, filter': [[3, 3, 8, 1], (input) => tf.depthwiseConv2d(x, input as tf.Tensor4D, 1, 'same')],
      maxPool: [[1, 6, 8, 4], (input) => tf.maxPool(tf.add(input, apart) as tf.Tensor4D, 3, 2, 'same')],
      depthToSpace: [[2, 10, 12, 8], (input) => tf.depthToSpace(input as tf.Tensor4D, 2)],
    };
    for (const [name, [shape, f]] of Object.entries(functions))
      expect(errorAgainstDifferences(random, shape, f), name).toBeLessThan(5e-3);
    tf.dispose([w, thin, x, apart]);
  });

  it('leaves no tensor and no memory behind', () => {
    const x = tf.tensor4d(noise([2, 16, 16, 8]), [2, 16, 16, 8]);
    const w = tf.tensor4d(noise([3, 3, 8, 8]), [3, 3, 8, 8]);
    const step = () =>
      tf.dispose(
        tf.grads((x, w) => {
          const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
          const pooled = tf.maxPool(tf.conv2d(y, w as tf.Tensor4D, 2, 'same'), 2, 2, 'same');
          return tf.depthToSpace(
            tf.depthwiseConv2d(pooled, tf.slice(w as tf.Tensor4D, 0, [3, 3, 8, 1]), 1, 'same'),
            2,
          );
        })([x, w]),
      );
    step();
    const { numTensors, numBytes, numDataBuffers } = tf.memory();
    const heap = wasmMemory(tf.backend()).buffer.byteLength;
    for (let i = 0; i < 30; i++) step();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    expect(wasmMemory(tf.backend()).buffer.byteLength).toBe(heap);
    tf.dispose([x, w]);
  });

  it('says when the heap is full', () => {
    const backend = tf.backend() as unknown as {
      makeOutput(shape: number[], dtype: string): { dataId: object };
    };
    const blocks: { dataId: object }[] = [];
    const fill = (size: number) => {
      for (let i = 0; i < 4; i++) blocks.push(backend.makeOutput([size], 'float32'));
    };
    try {
      expect(() => fill(2 ** 28)).toThrow(PellucidError); // four times 1 GiB
      expect(() => fill(2 ** 32)).toThrow(PellucidError); // would wrap round to nothing
    } finally {
      for (const { dataId } of blocks) tf.backend().disposeData(dataId);
    }
  });
});
