import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useTrainingWasm } from '../../../testing/engines.ts';
import { kinds } from '../../../testing/kinds.ts';
import { Random } from '../../random.ts';
import { peakMemory, weightsOf } from '../cost.ts';
import { forward } from '../forward.ts';
import type { Graph } from '../graph.ts';
import { infer } from '../infer.ts';
import { receptiveField } from '../receptive-field.ts';
import { trace } from '../trace.ts';

const conditions = { noiseLevel: 100 };

/** The weights, drawn from the seed; positive ones when nothing may cancel. */
function weightsFor(graph: Graph, positive = false): Record<string, tf.Tensor> {
  const random = new Random(5);
  return Object.fromEntries(
    weightsOf(graph).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const draw = () => (positive ? 0.1 + 0.1 * random.next() : 0.4 * random.normal());
      return [name, tf.tensor(Float32Array.from({ length: size }, draw), shape)];
    }),
  );
}

function feature(n: number, height: number, width: number): tf.Tensor4D {
  const random = new Random(9);
  return tf.tensor4d(
    Float32Array.from({ length: n * height * width * 8 }, () => random.normal()),
    [n, height, width, 8],
  );
}

async function onEachBackend<T>(run: () => Promise<T>): Promise<[T, T]> {
  await tf.setBackend('cpu');
  const reference = await run();
  await useTrainingWasm();
  return [reference, await run()];
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y));

describe.each(Object.entries(kinds))('%s', (_, network) => {
  const graph = trace(network, 8);

  it('gives the same output and the same gradients on wasm as on the cpu backend, within the memory it names', async () => {
    const [cpu, wasm] = await onEachBackend(async () => {
      const weights = weightsFor(graph);
      const names = Object.keys(weights);
      const input = feature(2, 8, 16);
      const output = infer(graph, weights, input, conditions);
      const gradients = tf.grads((...values: tf.Tensor[]) => {
        const [x, ...rest] = values as [tf.Tensor4D, ...tf.Tensor[]];
        const varied = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
        const { output } = forward(graph, varied, x, [], conditions);
        // Weighs every output differently, so that a permuted gradient shows.
        const ramp = tf.tensor(
          Float32Array.from({ length: output.size }, (_, i) => (2 * i) / output.size - 1),
          output.shape,
        );
        return tf.sum(tf.mul(ramp, tf.square(output)));
      })([input, ...names.map((name) => weights[name]!)]);
      return Promise.all([output, ...gradients].map(async (t) => ({ shape: t.shape, data: await t.data() })));
    });
    for (const [i, expected] of cpu.entries()) {
      expect(wasm[i]!.shape).toEqual(expected.shape);
      const size = Math.max(1, ...Array.from(expected.data, Math.abs));
      expect(largestDifference(wasm[i]!.data, expected.data) / size).toBeLessThan(1e-5);
    }
    const { stride, channels } = graph.nodes[graph.output]!;
    expect(cpu[0]!.shape).toEqual([2, 8 / stride, 16 / stride, channels]);
    expect(peakMemory(graph, 8, 16)).toBeGreaterThan(0);
  });

  it('has the gradient that finite differences measure', async () => {
    await tf.setBackend('cpu');
    const weights = weightsFor(graph);
    const input = feature(1, 8, 8);
    const loss = (x: tf.Tensor4D) => tf.mean(tf.square(forward(graph, weights, x, [], conditions).output));
    const gradient = await tf
      .grad((x: tf.Tensor) => loss(x as tf.Tensor4D))(input)
      .data();
    const values = await input.data();
    const at = async (index: number, nudge: number) => {
      const moved = Float32Array.from(values);
      moved[index]! += nudge;
      return (await loss(tf.tensor4d(moved, input.shape)).data())[0]!;
    };
    for (const index of [0, 77, 300, 511]) {
      const slope = ((await at(index, 5e-3)) - (await at(index, -5e-3))) / 1e-2;
      expect(gradient[index]).toBeCloseTo(slope, 2);
    }
  });

  it('looks exactly as far as it says', async () => {
    await tf.setBackend('cpu');
    const weights = weightsFor(graph, true);
    const { before, after } = receptiveField(graph);
    const width = 32;
    const start = 16;
    const scale = 1 / graph.nodes[graph.output]!.stride;
    const block = Array.from({ length: graph.alignment * scale }, (_, i) => start * scale + i);
    const even = feature(1, 4, width);
    const rest = await infer(graph, weights, even, conditions).data();
    const felt = async (column: number) => {
      const spot = tf.buffer(even.shape, 'float32', Float32Array.from(await even.data()));
      for (let y = 0; y < 4; y++) for (let c = 0; c < 8; c++) spot.set(3, 0, y, column, c);
      const output = infer(graph, weights, spot.toTensor() as tf.Tensor4D, conditions);
      const [, height, columns, channels] = output.shape;
      const values = await output.data();
      return block.some((x) =>
        Array.from({ length: height }, (_, y) => (y * columns + x) * channels).some((position) =>
          Array.from({ length: channels }, (_, c) => position + c).some((i) => values[i] !== rest[i]),
        ),
      );
    };
    if (before === Infinity) {
      expect(await felt(0)).toBe(true);
      expect(await felt(width - 1)).toBe(true);
      return;
    }
    const end = start + graph.alignment - 1;
    for (let column = start - before - 1; column >= 0 && column > start - before - 4; column--)
      expect(await felt(column), `column ${column}`).toBe(false);
    for (let column = end + after + 1; column < width && column < end + after + 4; column++)
      expect(await felt(column), `column ${column}`).toBe(false);
    // A demand may round outwards to whole windows and blocks, but no further.
    const reached = await Promise.all(Array.from({ length: width }, (_, column) => felt(column)));
    expect(reached.indexOf(true)).toBeLessThan(start - before + graph.alignment);
    expect(reached.lastIndexOf(true)).toBeGreaterThan(end + after - graph.alignment);
  });
});

it('gives each image of a batch its own noise level, and asks for one that is missing', async () => {
  await tf.setBackend('cpu');
  const graph = trace((ops, x) => ops.noiseLevel(x));
  const pixels = tf.zeros([2, 1, 1, 3]) as tf.Tensor4D;
  const levels = tf.tensor1d([25.5, 51]);
  const { output } = forward(graph, {}, pixels, [], { noiseLevel: levels });
  expect(largestDifference(await output.data(), [0.1, 0.2])).toBeLessThan(1e-6);
  expect(() => forward(graph, {}, pixels)).toThrow(/sigma, 0..255/);
});

it('transforms as the definition of the DCT says, and back', async () => {
  await tf.setBackend('cpu');
  const flat = tf.ones([1, 4, 4, 1]) as tf.Tensor4D;
  const there = trace((ops, x) => ops.windowDct(x, 4, 'forward'), 1);
  const coefficients = await infer(there, {}, flat).data();
  expect(coefficients[0]).toBeCloseTo(4 * 16, 4);
  expect(Math.max(...coefficients.slice(1).map(Math.abs))).toBeLessThan(1e-4);
  const both = trace((ops, x) => ops.windowDct(ops.windowDct(x, 4, 'forward'), 4, 'inverse'), 8);
  const input = feature(1, 8, 8);
  expect(largestDifference(await infer(both, {}, input).data(), await input.data())).toBeLessThan(1e-4);
});

it('lays channels out as PyTorch does where asked to', async () => {
  await tf.setBackend('cpu');
  const values = tf.tensor4d([0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 1, 8]);
  const shuffle = trace((ops, x) => ops.depthToSpace(x, 2, 'channel'), 8);
  // Rows of [column][channel]: channel 0 is 0 1 / 2 3, channel 1 is 4 5 / 6 7.
  expect(Array.from(await infer(shuffle, {}, values).data())).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
});

it('enlarges between the outermost positions where asked to', async () => {
  const graph = trace((ops, x) => ops.resize(x, 'bilinear-corners', 2), 1);
  for (const engine of [() => tf.setBackend('cpu'), useTrainingWasm]) {
    await engine();
    const large = infer(graph, {}, tf.tensor4d([0, 3, 6, 12, 15, 18], [1, 2, 3, 1]));
    const row = [0, 1.2, 2.4, 3.6, 4.8, 6];
    const expected = [0, 4, 8, 12].flatMap((more) => row.map((value) => value + more));
    expect(largestDifference(await large.data(), expected)).toBeLessThan(1e-5);
  }
});
