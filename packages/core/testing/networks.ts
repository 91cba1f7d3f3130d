/** What every network must pass, registered as tests: agreement with its official code, training, memory. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { importModel } from '../src/import/index.ts';
import { peakMemory, weightsOf } from '../src/network/cost.ts';
import { forward } from '../src/network/forward.ts';
import { enlargement, type Graph } from '../src/network/graph.ts';
import { infer } from '../src/network/infer.ts';
import { buildNetwork, networkConfig } from '../src/networks/index.ts';
import { Random } from '../src/random.ts';
import { useTrainingWasm } from './engines.ts';
import { largestDifference, missingReference, referenceCase, weightTensors } from './reference.ts';

const engines = { cpu: () => tf.setBackend('cpu'), wasm: useTrainingWasm };

/**
 * With the weights of the official code the network's output is the official one.
 *
 * @param settings what the reference was made with
 */
export function describeReference(
  file: string,
  settings: object,
  names: readonly (keyof typeof engines)[] = ['cpu', 'wasm'],
  tolerance = 1e-4,
): void {
  const missing = missingReference(file);
  describe.skipIf(missing)(`the official code${missing ? ` (skipped: no ${missing})` : ''}`, () => {
    it.each(names)(
      'gives the same output as the network on %s, and no weight is left over',
      async (name) => {
        await engines[name]();
        const { input, output, stateDict } = referenceCase(file);
        const network = networkConfig.parse(settings);
        const { model, leftOver } = importModel({ stateDict, network, name: 'reference', task: 'denoise' });
        expect(leftOver).toEqual([]);
        // The network has much to say about the input, so that agreement means something.
        if (input.size === output.size) expect(await largestDifference(input, output)).toBeGreaterThan(1e-2);
        const actual = infer(model.graph, weightTensors(model.graph, model.weights), input);
        expect(await largestDifference(actual, output)).toBeLessThan(tolerance);
      },
      120_000,
    );
  });
}

/** Weights with every layer at work, those that start at zero or one included. */
export function livelyWeights(graph: Graph): Record<string, tf.Tensor> {
  const random = new Random(5);
  const weights = weightsOf(graph).map(({ name, shape, deviation, mean = 0 }) => {
    const draw = () => mean + (deviation || 0.2) * random.normal();
    const size = tf.util.sizeFromShape(shape);
    return [name, tf.tensor(Float32Array.from({ length: size }, draw), shape)] as const;
  });
  return Object.fromEntries(weights);
}

export function noise(height: number, width: number, channels = 3): tf.Tensor4D {
  const random = new Random(3);
  const values = Float32Array.from({ length: height * width * channels }, () => random.next());
  return tf.tensor4d(values, [1, height, width, channels]);
}

/**
 * The gradient of an L1 loss to every weight is what finite differences measure, and alike on both engines.
 *
 * @param step of the differences: small where the network jumps (ReLU, top-k), large where rounding drowns the slope
 */
export function describeTraining(settings: object, step = 1e-2): void {
  it('trains: its gradient is the slope of the loss, on cpu and on wasm', async () => {
    const graph = buildNetwork(networkConfig.parse(settings));
    const side = Math.ceil(8 / graph.alignment) * graph.alignment;
    const input = () => noise(side, side, graph.nodes[0]!.channels);
    const target = () => noise(enlargement(graph) * side, enlargement(graph) * side);
    const loss = (weights: Record<string, tf.Tensor>) =>
      tf.tidy(() => {
        const { output } = forward(graph, weights, input());
        return tf.mean(tf.abs(tf.sub(output, tf.add(target(), 1)))) as tf.Scalar;
      });
    const gradients = async () => {
      const weights = livelyWeights(graph);
      const names = Object.keys(weights);
      const found = tf.grads((...values: tf.Tensor[]) =>
        loss(Object.fromEntries(names.map((name, i) => [name, values[i]!]))),
      )(Object.values(weights));
      return new Map(
        await Promise.all(names.map(async (name, i) => [name, await found[i]!.data()] as const)),
      );
    };
    await engines.cpu();
    const onCpu = await gradients();
    await engines.wasm();
    const onWasm = await gradients();

    const size = (values: ArrayLike<number>) => Array.from(values, Math.abs).reduce((a, b) => Math.max(a, b));
    const largest = size([...onCpu.values()].map(size));
    for (const [name, gradient] of onCpu) {
      const differences = onWasm.get(name)!.map((value, i) => value - gradient[i]!);
      expect(size(gradient), name).toBeGreaterThan(0);
      expect(size(differences), name).toBeLessThan(1e-4 * size(gradient) + 1e-6 * largest);
    }

    const weights = livelyWeights(graph);
    const names = [...onCpu.keys()];
    for (const name of names.filter((_, i) => i % Math.ceil(names.length / 8) === 0)) {
      const gradient = onCpu.get(name)!;
      const steepest = gradient.findIndex((value) => Math.abs(value) === size(gradient));
      const values = await weights[name]!.data();
      const at = async (nudge: number) => {
        const moved = Float32Array.from(values);
        moved[steepest]! += nudge;
        return (await loss({ ...weights, [name]: tf.tensor(moved, weights[name]!.shape) }).data())[0]!;
      };
      const slope = ((await at(step)) - (await at(-step))) / (2 * step);
      expect(Math.abs(slope - gradient[steepest]!), name).toBeLessThan(0.05 * size(gradient) + 2e-4);
    }
  }, 120_000);
}

/** Inference takes no more memory than `peakMemory` says, and not much less. */
export function describeMemory(settings: object): void {
  it('keeps no more alive than peakMemory says', async () => {
    await engines.wasm();
    const graph = buildNetwork(networkConfig.parse(settings));
    const weights = livelyWeights(graph);
    const side = Math.ceil(64 / graph.alignment) * graph.alignment;
    const input = noise(side, side, graph.nodes[0]!.channels);
    infer(graph, weights, input).dispose();
    const peak = 4 * input.size + peakBytes(() => infer(graph, weights, input).dispose());
    expect(peak).toBeLessThanOrEqual(1.02 * peakMemory(graph, side, side));
    expect(peak).toBeGreaterThan(0.7 * peakMemory(graph, side, side));
  });
}

/** The most bytes of tensors alive at once while `work` runs on the wasm backend, beside those alive before. */
export function peakBytes(work: () => void): number {
  // The backend tells its wasm module of every buffer that it makes and frees.
  const { tfjs } = (tf.backend() as unknown as { wasm: { tfjs: Tfjs } }).wasm;
  const { registerTensor, disposeData } = tfjs;
  const sizes = new Map<number, number>();
  let alive = 0;
  let peak = 0;
  tfjs.registerTensor = (id, size, offset) => {
    sizes.set(id, 4 * size);
    alive += 4 * size;
    peak = Math.max(peak, alive);
    registerTensor(id, size, offset);
  };
  tfjs.disposeData = (id) => {
    alive -= sizes.get(id) ?? 0;
    disposeData(id);
  };
  work();
  Object.assign(tfjs, { registerTensor, disposeData });
  expect(alive).toBe(0);
  return peak;
}

interface Tfjs {
  registerTensor(id: number, size: number, offset: number): void;
  disposeData(id: number): void;
}
