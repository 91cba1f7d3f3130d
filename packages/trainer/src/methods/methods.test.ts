import {
  buildNetwork,
  drawWeights,
  forward,
  initialWeights,
  l1,
  type NetworkConfig,
  Random,
  weightsOf,
} from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { lossAndGradient } from '../gradients/loss-and-gradient.ts';
import { Parameters } from '../parameters.ts';
import { attentionMap } from './at.ts';
import { affinity } from './fakd.ts';
import { methodConfig, methodOf } from './index.ts';
import { acrossChannels, acrossPositions, gaussianKernel } from './skd.ts';

beforeAll(async () => void (await openEngine('wasm')));

const random = new Random(1);
const unet = (a: number, b: number): NetworkConfig => ({
  kind: 'edge-unet',
  widths: [a, b],
  encoder: [1, 1],
  decoder: [1],
});
const student = buildNetwork(unet(8, 8));
const teacher = buildNetwork(unet(16, 24));
const patch = () =>
  tf.tensor4d(
    Float32Array.from({ length: 2 * 16 * 16 * 3 }, () => random.next()),
    [2, 16, 16, 3],
  );

/** A network's weights, a little off their start, where the last layer is 0. */
function weightsFor(graph: typeof student) {
  const parameters = new Parameters(weightsOf(graph));
  const start = parameters.flatten(initialWeights(graph, random));
  return parameters.upload(start.map((value) => value + 0.05 * random.normal()));
}

const kinds = ['scratch', 'logits', 'fitnet', 'at', 'fakd', 'skd', 'slkd', 'crosskd', 'mtkd'] as const;

/** Everything that a step of the method reads. */
function stepOf(config: unknown, teachers = [{ graph: teacher, weights: weightsFor(teacher) }]) {
  const graphs = teachers.map(({ graph }) => graph);
  const method = methodOf(methodConfig.parse(config), student, graphs);
  const parameters = new Parameters([...weightsOf(student), ...method.auxiliaries]);
  const start = new Map([...initialWeights(student, random), ...drawWeights(method.auxiliaries, random)]);
  const weights = parameters.flatten(start).map((value) => value + 0.05 * random.normal());
  const batch = { degraded: patch(), clean: patch(), distance: l1 };
  const gradient = new Float32Array(parameters.count);
  const at = (weights: Float32Array, into = new Float32Array(parameters.count)) =>
    lossAndGradient(method, { graph: student, parameters, weights }, teachers, batch, into);
  return { method, parameters, weights, gradient, at, teachers, batch };
}

describe.each(kinds)('%s', (kind) => {
  it('has the slope of its loss, to its auxiliaries too, and keeps no tensor', async () => {
    const { parameters, weights, gradient, at } = stepOf({ kind });
    const before = tf.memory().numTensors;
    await at(weights, gradient);
    expect(tf.memory().numTensors).toBe(before);
    for (const { name, offset, size } of parameters.slots)
      expect([name, gradient.subarray(offset, offset + size).some((slope) => slope !== 0)]).toEqual([
        name,
        true,
      ]);

    const norm = Math.hypot(...gradient);
    const direction = gradient.map((slope) => slope / norm);
    const along = async (distance: number) =>
      (await at(weights.map((w, i) => w + distance * direction[i]!))).loss!;
    const slope = ((await along(1e-3)) - (await along(-1e-3))) / 2e-3;
    expect(slope / norm).toBeGreaterThan(0.95);
    expect(slope / norm).toBeLessThan(1.05);
  });

  it('lowers its loss, moves every weight of the student and none of the teacher', async () => {
    const { parameters, weights, gradient, at, teachers } = stepOf({ kind });
    const taught = await Promise.all(Object.values(teachers[0]!.weights).map((weight) => weight.data()));
    const copies = taught.map((data) => data.slice());
    const start = weights.slice();
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      losses.push((await at(weights, gradient)).loss!);
      const norm = Math.hypot(...gradient);
      for (let i = 0; i < weights.length; i++) weights[i]! -= (0.03 * gradient[i]!) / norm;
    }
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
    for (const { name, offset, size } of parameters.slots)
      expect([name, weights.subarray(offset, offset + size)]).not.toEqual([
        name,
        start.subarray(offset, offset + size),
      ]);
    expect(await Promise.all(Object.values(teachers[0]!.weights).map((weight) => weight.data()))).toEqual(
      copies,
    );
  });
});

it('fitnet is half the mean square that is left behind the regressor', async () => {
  const config = { kind: 'fitnet', weight: 3, taps: [{ student: 'encoder0', teacher: 'encoder1' }] };
  const { parameters, weights, at, teachers, batch } = stepOf(config);
  const tensors = parameters.upload(weights);
  const read = (network: { graph: typeof student; weights: Record<string, tf.Tensor> }, tap: string) =>
    forward(network.graph, network.weights, batch.degraded, [tap]).taps[tap]!.arraySync() as number[][][][];
  const learnt = read({ graph: student, weights: tensors }, 'encoder0');
  const hint = read(teachers[0]!, 'encoder1');
  const filter = tensors['method.encoder0-encoder1.weight']!.arraySync() as number[][][][];
  const bias = tensors['method.encoder0-encoder1.bias']!.arraySync() as number[];
  let sum = 0;
  let count = 0;
  for (const [n, image] of hint.entries())
    for (const [y, row] of image.entries())
      for (const [x, wanted] of row.entries())
        for (const [c, value] of wanted.entries()) {
          const square = [0, 1].flatMap((i) => [0, 1].map((j) => learnt[n]![2 * y + i]![2 * x + j]!));
          const found = filter[0]![0]!.reduce(
            (sum, _, k) => sum + (filter[0]![0]![k]![c]! * square.reduce((a, f) => a + f[k]!, 0)) / 4,
            bias[c]!,
          );
          sum += (found - value) ** 2;
          count++;
        }
  const { l_hint, l_pixel, loss } = await at(weights);
  expect(l_hint! / (sum / count / 2)).toBeCloseTo(1, 4);
  expect(loss).toBeCloseTo(l_pixel! + 3 * l_hint!, 5);
});

it('at maps a feature to where it is strong, as a vector of length 1', () => {
  const map = attentionMap(tf.tensor4d([1, 2, 0, 0, -2, 1, 3, 0], [1, 2, 2, 2]));
  const norm = Math.hypot(5, 0, 5, 9);
  expect([...map.dataSync()].map((value) => value * norm)).toEqual(
    [5, 0, 5, 9].map((value) => expect.closeTo(value, 4)),
  );
  expect([...attentionMap(tf.zeros([1, 2, 2, 3])).dataSync()]).toEqual([0, 0, 0, 0]);
});

it('fakd maps a feature to the cosines between its positions, of no more than 1024', () => {
  const feature = tf.tensor4d([3, 4, 4, -3, -6, -8], [1, 1, 3, 2]);
  expect([...affinity(feature).dataSync()]).toEqual(
    [1, 0, -1, 0, 1, 0, -1, 0, 1].map((value) => expect.closeTo(value, 5)),
  );
  expect(affinity(tf.ones([1, 32, 32, 1])).shape).toEqual([1, 1024, 1024]);
  expect(affinity(tf.ones([1, 33, 33, 1])).shape).toEqual([1, 256, 256]);
});

it('skd finds a student’s channels and positions again in whatever order they are, and compares by a kernel', () => {
  const t = tf.tensor3d([5, 0, 0, 0, 5, 0, 0, 0, 5], [1, 3, 3]);
  const s = tf.tensor3d([0, 5, 0, 0, 0, 5, 5, 0, 0], [1, 3, 3]);
  const wanted = [...t.dataSync()].map((value) => expect.closeTo(value, 2));
  expect([...acrossChannels(s, t).dataSync()]).toEqual(wanted);
  expect([...acrossPositions(s, t).dataSync()]).toEqual(wanted);
  expect(gaussianKernel(t, t).dataSync()[0]).toBe(0);
  // Twice the mean square apart.
  expect(gaussianKernel(s, t).dataSync()[0]).toBeCloseTo(1 - Math.exp(-1), 5);
});

describe('slkd', () => {
  it('adds up its terms by their weights', async () => {
    const { at, weights } = stepOf({ kind: 'slkd', weights: { image: 0.2, nc: 3, et: 5 } });
    const { loss, l_pixel, l_image, l_nc, l_et } = await at(weights);
    expect(loss).toBeCloseTo(l_pixel! + 0.2 * l_image! + 3 * l_nc! + 5 * l_et!, 5);
  });

  it('vanishes where the student is its teacher, sees what it sees, and the conversion changes nothing', async () => {
    const network = { graph: student, weights: weightsFor(student) };
    const { parameters, method, teachers, batch } = stepOf({ kind: 'slkd' }, [network]);
    const same = { ...batch, clean: batch.degraded };
    const weights = new Float32Array(parameters.count);
    for (const { name, shape, offset } of parameters.slots) {
      const taught = teachers[0]!.weights[name];
      if (taught) weights.set(taught.dataSync(), offset);
      else if (shape.length === 4) for (let c = 0; c < 8; c++) weights[offset + 9 * c] = 1;
    }
    const values = await lossAndGradient(
      method,
      { graph: student, parameters, weights },
      teachers,
      same,
      weights.slice(),
    );
    for (const name of ['l_image', 'l_nc', 'l_et']) expect(Math.abs(values[name]!)).toBeLessThan(1e-5);
  });

  it.each([
    [{ image: 0, nc: 0, et: 0 }, ['l_pixel', 'loss'], 0],
    [{ image: 1, nc: 0, et: 0 }, ['l_image', 'l_pixel', 'loss'], 0],
    [{ image: 0, nc: 1, et: 0 }, ['l_nc', 'l_pixel', 'loss'], 4],
    [{ image: 0, nc: 0, et: 1 }, ['l_et', 'l_pixel', 'loss'], 2],
  ])('leaves out what has weight 0: %j', async (weights, names, auxiliaries) => {
    const step = stepOf({ kind: 'slkd', weights });
    expect(step.method.auxiliaries).toHaveLength(auxiliaries);
    expect(Object.keys(await step.at(step.weights)).sort()).toEqual(names);
  });

  it('asks teacher A about the degraded image and teacher B about the clean one', async () => {
    const [a, b] = [teacher, buildNetwork(unet(8, 32))].map((graph) => ({
      graph,
      weights: weightsFor(graph),
    })) as [
      { graph: typeof student; weights: Record<string, tf.Tensor> },
      { graph: typeof student; weights: Record<string, tf.Tensor> },
    ];
    const { method, parameters, weights, batch } = stepOf({ kind: 'slkd', teacherB: 'another' }, [a, b]);
    expect(parameters.slots.find(({ name }) => name === 'method.encoder1-encoder1.weight')!.shape).toEqual([
      1, 1, 8, 24,
    ]);
    expect(parameters.slots.find(({ name }) => name === 'method.decoder0-decoder0.weight')!.shape).toEqual([
      1, 1, 8, 8,
    ]);
    const of = (change: object, teachers = [a, b]) =>
      lossAndGradient(
        method,
        { graph: student, parameters, weights },
        teachers,
        { ...batch, ...change },
        weights.slice(),
      );
    const [first, otherClean, otherB] = [
      await of({}),
      await of({ clean: patch() }),
      await of({}, [a, { ...b, weights: weightsFor(b.graph) }]),
    ];
    expect(otherClean).toMatchObject({ l_image: first.l_image, l_nc: first.l_nc });
    expect(otherClean.l_et).not.toBe(first.l_et);
    expect(otherB).toMatchObject({ l_image: first.l_image, l_nc: first.l_nc });
    expect(otherB.l_et).not.toBe(first.l_et);
  });

  it('refuses patches too small to have neighbours at the coarsest level', () => {
    const { method, parameters, weights, teachers } = stepOf({ kind: 'slkd' });
    const tiny = {
      degraded: tf.zeros([1, 4, 4, 3]) as tf.Tensor4D,
      clean: tf.zeros([1, 4, 4, 3]) as tf.Tensor4D,
      distance: l1,
    };
    const network = { graph: student, weights: parameters.upload(weights) };
    expect(() => method.loss(network, teachers, tiny)).toThrow(
      expect.objectContaining({ code: 'train/patch-size' }),
    );
  });
});
