/** A thread of a contender: one engine and one job, which it does once each time it is asked. */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { forward, infer, initialWeights, l1, PellucidError, Random, weightsOf } from '@pellucid/core';
import { exportOnnx } from '@pellucid/core/export';
import { installTrainingKernels } from '@pellucid/core/kernels';
import { startWasm } from '@pellucid/core/wasm';
import { lossAndGradient, methodOf, openEngine, Parameters } from '@pellucid/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { Answer, Job } from './contender.ts';
import { fmaPeak } from './fma.ts';
import { nets, singleConvolution } from './nets.ts';

const job = workerData as Job;
const answer = (message: Answer) => parentPort!.postMessage(message);

try {
  const once = await prepare(job);
  parentPort!.on('message', async () => {
    try {
      const start = performance.now();
      const result = await once();
      answer({ kind: 'done', milliseconds: performance.now() - start, result, heap: wasmHeap() });
    } catch (error) {
      answer(failure(error));
    }
  });
  answer({ kind: 'ready', description: `${tf.getBackend()}` });
} catch (error) {
  answer(failure(error));
}

function failure(error: unknown): Answer {
  return { kind: 'failed', reason: error instanceof PellucidError ? error.message : String(error) };
}

async function prepare({ engine, work, entry }: Job): Promise<() => Promise<unknown>> {
  if (work.kind === 'fma') return async () => fmaPeak();
  if (engine === 'onnxruntime-node')
    return onnxConvolution(work as Extract<Job['work'], { kind: 'forward' }>, entry!);
  await open(engine);
  if (work.kind === 'train') return trainingStep(work);
  const graph = work.kind === 'forward' ? singleConvolution(work.channels) : nets[work.net].graph;
  const channels = graph.nodes[0]!.channels;
  const weights = new Parameters(weightsOf(graph));
  const uploaded = weights.upload(weights.flatten(initialWeights(graph, new Random(1))));
  const x = tf.randomUniform<tf.Rank.R4>([1, work.size, work.size, channels], -1, 1, 'float32', 1);
  const kept = work.kind === 'heap' && work.keep;
  return async () => {
    const y = kept ? tf.tidy(() => forward(graph, uploaded, x).output) : infer(graph, uploaded, x);
    // A GPU is done once a value has come back.
    await tf.tidy(() => tf.slice(y, [0, 0, 0, 0], [1, 1, 1, 1])).data();
    y.dispose();
  };
}

/** `stock` is the wasm backend as TensorFlow.js ships it, `composed` the same with the gradients it lacks. */
async function open(engine: string): Promise<void> {
  if (engine !== 'stock' && engine !== 'composed') return void (await openEngine(engine));
  await startWasm({ install: engine === 'composed' ? () => installTrainingKernels(undefined) : () => {} });
}

function trainingStep({ net, patches, patch }: Extract<Job['work'], { kind: 'train' }>) {
  const { graph } = nets[net];
  const parameters = new Parameters(weightsOf(graph));
  const weights = parameters.flatten(initialWeights(graph, new Random(1)));
  const gradient = new Float32Array(parameters.count);
  const shape = [patches, patch, patch, 3] as [number, number, number, number];
  const random = new Random(2);
  const pixels = () => Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.next());
  const [clean, degraded] = [pixels(), pixels()];
  return async () => {
    const batch = { clean: tf.tensor4d(clean, shape), degraded: tf.tensor4d(degraded, shape), distance: l1 };
    const student = { graph, parameters, weights };
    await lossAndGradient(methodOf({ kind: 'scratch' }, graph), student, [], batch, gradient);
    tf.dispose([batch.clean, batch.degraded]);
  };
}

/** The same convolution on one thread of onnxruntime. */
async function onnxConvolution({ channels, size }: Extract<Job['work'], { kind: 'forward' }>, entry: string) {
  const { default: onnx } = await import(pathToFileURL(entry).href);
  const graph = singleConvolution(channels);
  const weights = initialWeights(graph, new Random(1));
  const bytes = exportOnnx({ name: 'conv', task: 'denoise', graph, weights });
  const session = await onnx.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const values = Float32Array.from({ length: channels * size * size }, (_, i) => (i % 251) / 251);
  const feeds = { [session.inputNames[0]]: new onnx.Tensor('float32', values, [1, channels, size, size]) };
  return async () => void (await session.run(feeds));
}

function wasmHeap(): number | undefined {
  const { wasm } = (tf.findBackend('wasm') ?? {}) as { wasm?: { HEAPU8: Uint8Array } };
  return wasm?.HEAPU8.length;
}
