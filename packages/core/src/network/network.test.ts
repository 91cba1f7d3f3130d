import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from '../../testing/engines.ts';
import { peakBytes } from '../../testing/networks.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { initialWeights } from '../networks/initial-weights.ts';
import { Random } from '../random.ts';
import { macsPerPixel, parameters, peakMemory, weightsOf } from './cost.ts';
import { forward, forwardFrom } from './forward.ts';
import { type Graph, lastUses } from './graph.ts';
import { infer } from './infer.ts';
import { receptiveField } from './receptive-field.ts';
import { trace } from './trace.ts';

const tiny: NetworkConfig = { kind: 'edge-unet', widths: [8, 8, 16], encoder: [1, 1, 1], decoder: [1, 1] };

/** Weights with every layer at work, the one that starts at zero included. */
function livelyWeights(graph: Graph): Record<string, tf.Tensor> {
  const random = new Random(7);
  return Object.fromEntries(
    weightsOf(graph).map(({ name, shape }) => {
      const values = Float32Array.from(
        { length: shape.reduce((a, b) => a * b, 1) },
        () => 0.2 * random.normal(),
      );
      return [name, tf.tensor(values, shape)];
    }),
  );
}

function noise(height: number, width: number): tf.Tensor4D {
  const random = new Random(3);
  return tf.tensor4d(
    Float32Array.from({ length: height * width * 3 }, () => random.next()),
    [1, height, width, 3],
  );
}

beforeAll(() => tf.setBackend('cpu'));

describe('a traced network', () => {
  it('counts what a hand count gives', () => {
    // Space-to-depth to 12 channels at half resolution, 3x3 to 8, 3x3 back to 12.
    const graph = buildNetwork({ kind: 'edge-unet', widths: [8], encoder: [0], decoder: [] });
    expect(parameters(graph)).toBe(9 * 12 * 8 + 8 + 9 * 8 * 12 + 12);
    expect(macsPerPixel(graph)).toBe((9 * 12 * 8 + 9 * 8 * 12) / 4);
    expect(graph.alignment).toBe(2);
    // Each 3x3 convolution at half resolution reaches two pixels further.
    expect(receptiveField(graph)).toEqual({ before: 4, after: 4 });
  });

  it('is the identity before training', async () => {
    const graph = buildNetwork(tiny);
    const weights = Object.fromEntries(
      [...initialWeights(graph, new Random(1))].map(([name, data]) => {
        const { shape } = weightsOf(graph).find((weight) => weight.name === name)!;
        return [name, tf.tensor(data, shape)];
      }),
    );
    const input = noise(16, 16);
    const output = infer(graph, weights, input);
    expect(await output.data()).toEqual(await input.data());
  });

  it('names its levels as taps and refuses unknown ones', () => {
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    const { taps } = forward(graph, weights, noise(16, 24), ['encoder2', 'decoder0']);
    expect(taps.encoder2.shape).toEqual([1, 2, 3, 16]);
    expect(taps.decoder0.shape).toEqual([1, 8, 12, 8]);
    expect(() => forward(graph, weights, noise(16, 16), ['encoder9'])).toThrow(
      /no tap named "encoder9".*encoder0/,
    );
  });

  it('goes on from features that it is given in the place of its own', async () => {
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    const input = noise(16, 24);
    const { output, taps } = forward(graph, weights, input, ['encoder1']);
    const from = (encoder1: tf.Tensor4D) => forwardFrom(graph, weights, input, { encoder1 }).data();
    expect(await from(taps.encoder1)).toEqual(await output.data());
    expect(await from(tf.zerosLike(taps.encoder1))).not.toEqual(await output.data());
  });

  it('refuses mistakes in the network itself', () => {
    expect(() =>
      trace((ops, x) =>
        ops.conv(ops.conv(x, { name: 'a', channels: 8, kernel: 3 }), { name: 'a', channels: 8, kernel: 3 }),
      ),
    ).toThrow(/two different layers/);
    expect(() => trace((ops, x) => ops.add(x, ops.spaceToDepth(x, 2)))).toThrow(/cannot add/);
    expect(() => trace((ops, x) => ops.depthToSpace(x, 2))).toThrow(/cannot unfold/);
  });
});

describe('running a graph', () => {
  it('gives the same output for training and for inference, and inference leaves nothing behind', async () => {
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    const input = noise(16, 16);
    const before = tf.memory().numTensors;
    const output = infer(graph, weights, input);
    expect(tf.memory().numTensors).toBe(before + 1);
    const trained = forward(graph, weights, input).output;
    expect(await output.data()).toEqual(await trained.data());
  });

  it('refuses an input with rows or columns left over', () => {
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    for (const input of [noise(16, 17), noise(18, 16)])
      for (const run of [infer, forward])
        expect(() => run(graph, weights, input)).toThrow(
          expect.objectContaining({ code: 'network/not-aligned' }),
        );
  });

  it('frees what it made when a kernel throws', () => {
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    const { 'tail.bias': _, ...incomplete } = weights;
    const input = noise(16, 16);
    const before = tf.memory().numTensors;
    expect(() => infer(graph, incomplete, input)).toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps no more alive than peakMemory says', async () => {
    await useWasm();
    const graph = buildNetwork(tiny);
    const weights = livelyWeights(graph);
    const input = noise(32, 32);
    infer(graph, weights, input).dispose();
    const peak = 4 * input.size + peakBytes(() => infer(graph, weights, input).dispose());
    await tf.setBackend('cpu');
    expect(peak).toBeLessThanOrEqual(peakMemory(graph, 32, 32));
    expect(peak).toBeGreaterThan(0.7 * peakMemory(graph, 32, 32));
  });

  it('has the gradient that finite differences measure', async () => {
    const graph = buildNetwork({ kind: 'edge-unet', widths: [8, 8], encoder: [1, 0], decoder: [1] });
    const weights = livelyWeights(graph);
    const input = noise(8, 8);
    const loss = () => tf.mean(tf.square(forward(graph, weights, input).output)) as tf.Scalar;
    const names = ['head.weight', 'down1.weight', 'decoder0.0.b.bias', 'tail.weight'];
    const gradients = tf.grads((...values: tf.Tensor[]) => {
      const varied = { ...weights };
      for (const [i, name] of names.entries()) varied[name] = values[i]!;
      return tf.mean(tf.square(forward(graph, varied, input).output));
    })(names.map((name) => weights[name]!));
    for (const [i, name] of names.entries()) {
      const gradient = await gradients[i]!.data();
      const values = await weights[name]!.data();
      const index = Math.floor(values.length / 2);
      const measure = async (value: number) => {
        const nudged = Float32Array.from(values);
        nudged[index] = value;
        const original = weights[name]!;
        weights[name] = tf.tensor(nudged, original.shape);
        const result = (await loss().data())[0]!;
        weights[name] = original;
        return result;
      };
      const step = 1e-2;
      const slope =
        ((await measure(values[index]! + step)) - (await measure(values[index]! - step))) / (2 * step);
      expect(gradient[index]).toBeCloseTo(slope, 2);
    }
  });
});

describe('receptiveField', () => {
  it('is exactly as far as a changed pixel is felt', async () => {
    const graph = buildNetwork({ kind: 'edge-unet', widths: [8, 8], encoder: [1, 1], decoder: [1] });
    // Positive weights, so that nothing cancels and no ReLU shuts.
    const weights = Object.fromEntries(
      weightsOf(graph).map(({ name, shape }) => [name, tf.fill(shape, 0.05)]),
    );
    const { before, after } = receptiveField(graph);
    const width = 64;
    const felt = async (pixel: number) => {
      const dark = tf.zeros([1, 4, width, 3]) as tf.Tensor4D;
      const spot = tf.tensor4d(
        Float32Array.from({ length: 4 * width * 3 }, (_, i) => (Math.floor(i / 3) % width === pixel ? 1 : 0)),
        [1, 4, width, 3],
      );
      const [a, b] = await Promise.all([dark, spot].map((x) => infer(graph, weights, x).data()));
      // The block of output pixels that starts in the middle of the row.
      const block = Array.from({ length: graph.alignment }, (_, i) => 32 + i);
      return block.some((x) => Math.abs(a![x * 3]! - b![x * 3]!) > 0);
    };
    expect(await felt(32 - before)).toBe(true);
    expect(await felt(32 - before - 1)).toBe(false);
    expect(await felt(32 + graph.alignment - 1 + after)).toBe(true);
    expect(await felt(32 + graph.alignment + after)).toBe(false);
  });
});

it('lastUses keeps the output and names the last reader of everything else', () => {
  const graph = buildNetwork(tiny);
  const last = lastUses(graph);
  expect(last[graph.output]).toBe(graph.nodes.length);
  for (const [index, node] of graph.nodes.entries())
    for (const read of node.inputs) expect(last[read]).toBeGreaterThanOrEqual(index);
});
