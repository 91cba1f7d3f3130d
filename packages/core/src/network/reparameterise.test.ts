import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../testing/engines.ts';
import { buildNetwork } from '../networks/index.ts';
import { initialWeights, type Weights } from '../networks/initial-weights.ts';
import { Random } from '../random.ts';
import { macsPerPixel, parameters, weightsOf } from './cost.ts';
import { forward } from './forward.ts';
import type { Graph } from './graph.ts';
import { infer } from './infer.ts';
import { receptiveField } from './receptive-field.ts';
import { fold, unfold, withBranches } from './reparameterise.ts';
import { trace } from './trace.ts';

beforeAll(useTrainingWasm);

const random = new Random(4);
const normal = (length: number, deviation = 1) =>
  Float32Array.from({ length }, () => deviation * random.normal());
const photograph = (height: number, width: number, channels: number) =>
  tf.tensor4d(normal(height * width * channels), [1, height, width, channels]);

/** The point, both Sobel filters, and the Laplacian. */
const filters = [
  [0, 0, 0, 0, 1, 0, 0, 0, 0],
  [1, 0, -1, 2, 0, -2, 1, 0, -1],
  [1, 2, 1, 0, 0, 0, -1, -2, -1],
  [0, 1, 0, 1, -4, 1, 0, 1, 0],
];

/** Every weight at work, the branches' as much as the convolution's. */
function livelyWeights(graph: Graph): Weights {
  return new Map(
    weightsOf(graph).map(({ name, shape }) => [
      name,
      normal(
        shape.reduce((a, b) => a * b, 1),
        0.3,
      ),
    ]),
  );
}

function upload(graph: Graph, weights: Weights): Record<string, tf.Tensor> {
  return Object.fromEntries(
    weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]),
  );
}

async function expectSame(a: tf.Tensor, b: tf.Tensor): Promise<void> {
  expect(a.shape).toEqual(b.shape);
  const difference = await tf.max(tf.abs(tf.sub(a, b))).data();
  const largest = await tf.max(tf.abs(b)).data();
  expect(difference[0]! / Math.max(1, largest[0]!)).toBeLessThan(1e-5);
}

describe.each([
  ['channels that stay', 8, 8],
  ['channels that change', 3, 8],
])('a branched convolution of %s', (_, inputs, outputs) => {
  const plain = trace((ops, x) => ops.conv(x, { name: 'a', kernel: 3, channels: outputs }), inputs);
  const graph = withBranches(plain);

  it('gives the sum of its branches run one by one, at the borders too', async () => {
    const tensors = upload(graph, livelyWeights(graph));
    const x = photograph(9, 11, inputs);
    const of = (branch: string) => tensors[`a.${branch}`]!;
    const conv = (y: tf.Tensor4D, weight: tf.Tensor, pad: 'same' | 'valid' = 'same') =>
      tf.conv2d(y, weight as tf.Tensor4D, 1, pad);
    const pointwise = (weight: tf.Tensor) => tf.expandDims(tf.expandDims(weight, 0), 0);
    // The bias of the 1x1 convolution reaches the padding, where its input is 0.
    const around = tf.pad(x, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]) as tf.Tensor4D;
    const expanded = tf.add(
      conv(around, pointwise(of('expand.weight'))),
      tf.reshape(of('expand.bias'), [-1]),
    );
    const squeeze = tf.transpose(of('squeeze.weight'), [1, 2, 0, 3]);
    const filtered = filters.map((filter, index) => {
      const each = tf.tile(tf.tensor4d(filter, [3, 3, 1, 1]), [1, 1, outputs, 1]) as tf.Tensor4D;
      const part = (branch: string) => tf.gather(of(branch), index);
      const seen = conv(x, pointwise(part('filtered.weight')));
      return tf.mul(tf.depthwiseConv2d(seen, each, 1, 'same'), part('filtered.scale'));
    });
    const branches = [conv(x, of('weight')), ...filtered, conv(expanded as tf.Tensor4D, squeeze, 'valid')];
    await expectSame(infer(graph, tensors, x), tf.add(tf.addN(branches), of('bias')));
  });

  it('gives every branch a gradient', async () => {
    const tensors = upload(graph, livelyWeights(graph));
    const x = photograph(9, 11, inputs);
    const names = Object.keys(tensors);
    const gradients = tf.grads((...values: tf.Tensor[]) => {
      const varied = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      return tf.mean(tf.square(forward(graph, varied, x).output));
    })(Object.values(tensors));
    for (const [index, name] of names.entries()) {
      const values = await gradients[index]!.data();
      expect(
        values.some((value) => Math.abs(value) > 1e-3),
        name,
      ).toBe(true);
    }
  });
});

describe('a whole network', () => {
  const plain = buildNetwork({ kind: 'edge-unet', widths: [8, 16], encoder: [1, 1], decoder: [1] });
  const graph = withBranches(plain);

  it('folds into the plain one', async () => {
    const input = photograph(8, 16, 3);
    const weights = livelyWeights(graph);
    const folded = await fold(graph, weights);
    expect([...folded].map(([name, { length }]) => [name, length])).toEqual(
      weightsOf(plain).map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]),
    );
    await expectSame(infer(plain, upload(plain, folded), input), infer(graph, upload(graph, weights), input));
  });

  it('unfolds to what it was, and the branches are not idle', async () => {
    const input = photograph(8, 16, 3);
    const weights = initialWeights(plain, new Random(1));
    const unfolded = await unfold(graph, weights, new Random(2));
    await expectSame(
      infer(graph, upload(graph, unfolded), input),
      infer(plain, upload(plain, weights), input),
    );
    expect(unfolded.get('head.squeeze.weight')!.some((value) => value !== 0)).toBe(true);
  });

  it('costs more only in parameters, and sees as far', () => {
    expect(parameters(graph)).toBeGreaterThan(3 * parameters(plain));
    expect(macsPerPixel(graph)).toBe(macsPerPixel(plain));
    expect(receptiveField(graph)).toEqual(receptiveField(plain));
    expect(graph.taps).toEqual(plain.taps);
  });

  it('keeps no tensor', async () => {
    const before = tf.memory().numTensors;
    await fold(graph, await unfold(graph, initialWeights(plain, new Random(1)), new Random(2)));
    expect(tf.memory().numTensors).toBe(before);
  });
});
