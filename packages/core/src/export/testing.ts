/** What the tests of exports compare: a network run by us, by ONNX Runtime and by TensorFlow.js. */
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { expect } from 'vitest';
import { weightsOf } from '../network/cost.ts';
import type { Graph } from '../network/graph.ts';
import { infer } from '../network/infer.ts';
import { Random } from '../random.ts';
import { type Exportable, exportGraphModel, exportOnnx } from './index.ts';

ort.env.wasm.numThreads = 1;

/** NHWC. */
interface Feature {
  shape: [number, number, number, number];
  data: Float32Array;
}

/** The network with every weight at work, of a size that keeps features about as large as they were. */
export function lively(graph: Graph): Exportable {
  const random = new Random(5);
  const weights = weightsOf(graph).map(({ name, shape }): [string, Float32Array] => {
    const deviation = shape.length === 4 ? (sizeOf(shape) / shape[3]!) ** -0.5 : 0.3;
    return [name, Float32Array.from({ length: sizeOf(shape) }, () => deviation * random.normal())];
  });
  return { name: 'test', task: 'denoise', graph, weights: new Map(weights) };
}

/**
 * Runs the exported files at two sizes, one of them a batch, told a noise level of 100, and compares what they give to
 * what `infer` gives: to 1e-4 of the largest value.
 */
export async function expectSameInBothFormats(model: Exportable): Promise<void> {
  const { nodes, alignment } = model.graph;
  const session = await ort.InferenceSession.create(exportOnnx(model));
  const loaded = await loadInBrowser(model);
  const side = Math.max(8, alignment);
  for (const shape of [
    [2, side, 2 * side, nodes[0]!.channels],
    [1, 3 * side, side, nodes[0]!.channels],
  ] as const) {
    const random = new Random(9);
    const input: Feature = {
      shape: [...shape],
      data: Float32Array.from({ length: sizeOf(shape) }, () => random.next()),
    };
    const wanted = await runOurs(model, input);
    expectSame(await runOnnx(session, input), wanted);
    expectSame(await runGraphModel(loaded, input), wanted);
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function expectSame(actual: Feature, wanted: Feature): void {
  expect(actual.shape).toEqual(wanted.shape);
  const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const difference = wanted.data.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - actual.data[index]!)),
    0,
  );
  expect(difference / largest).toBeLessThan(1e-4);
}

async function runOurs({ graph, weights }: Exportable, { shape, data }: Feature): Promise<Feature> {
  const tensors = Object.fromEntries(
    weightsOf(graph).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]),
  );
  const input = tf.tensor4d(data, shape);
  return download(infer(graph, tensors, input, { noiseLevel: 100 }));
}

async function runOnnx(session: ort.InferenceSession, { shape, data }: Feature): Promise<Feature> {
  const planes = await download(tf.transpose(tf.tensor4d(data, shape), [0, 3, 1, 2]));
  const feeds: Record<string, ort.Tensor> = {
    input: new ort.Tensor('float32', planes.data, planes.shape),
  };
  if (session.inputNames.includes('noise_level'))
    feeds.noise_level = new ort.Tensor('float32', new Float32Array(shape[0]).fill(100), [shape[0]]);
  const { output } = await session.run(feeds);
  return download(tf.transpose(tf.tensor(output!.data as Float32Array, [...output!.dims]), [0, 2, 3, 1]));
}

/** As a browser does it, but for the network. */
function loadInBrowser(model: Exportable): Promise<GraphModel> {
  const files: Record<string, string | Uint8Array> = exportGraphModel(model);
  const fetchFunc: typeof fetch = async (url) =>
    new Response(files[String(url).split('/').at(-1)!] as BodyInit, {
      headers: { 'content-type': 'application/json' },
    });
  return loadGraphModel('http://pellucid.test/model.json', { fetchFunc });
}

async function runGraphModel(loaded: GraphModel, { shape, data }: Feature): Promise<Feature> {
  const inputs: tf.NamedTensorMap = { input: tf.tensor4d(data, shape) };
  if (loaded.inputs.length > 1) inputs.noise_level = tf.fill([shape[0]], 100);
  return download(loaded.predict(inputs) as tf.Tensor);
}

async function download(tensor: tf.Tensor): Promise<Feature> {
  return { shape: tensor.shape as Feature['shape'], data: (await tensor.data()) as Float32Array };
}
