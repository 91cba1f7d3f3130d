/**
 * Times the convolution kernels against the wasm backend's own and prints a Markdown table: effective GFLOP/s
 * on one thread, 2 FLOP a multiply-add of the plain convolution, so that Winograd may pass the machine's
 * peak. The best of as many runs as fit in a second, in processor time, which other work on the machine
 * disturbs least; an idle machine is better still. Run as `node packages/core/scripts/bench-kernels.ts`.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { installTrainingKernels, supportsRelaxedSimd, wasmMemory } from '../src/kernels/index.ts';
import { useWasm } from '../testing.ts';

interface Shape {
  input: [number, number, number, number];
  filter: 1 | 3;
  outChannels: number;
}

const serving: Shape[] = [
  { input: [1, 256, 256, 32], filter: 3, outChannels: 32 },
  { input: [1, 256, 256, 64], filter: 3, outChannels: 64 },
  { input: [1, 256, 256, 12], filter: 3, outChannels: 32 },
  { input: [1, 128, 128, 128], filter: 1, outChannels: 64 },
];
const training: Shape[] = [
  { input: [8, 64, 64, 32], filter: 3, outChannels: 32 },
  { input: [8, 64, 64, 64], filter: 3, outChannels: 64 },
  { input: [8, 24, 24, 64], filter: 3, outChannels: 64 },
  { input: [8, 32, 32, 128], filter: 1, outChannels: 64 },
];
const cases = [
  ...serving.map((shape) => ({ kernel: tf.Conv2D, shape })),
  ...training.map((shape) => ({ kernel: tf.Conv2DBackpropInput, shape })),
  ...training.map((shape) => ({ kernel: tf.Conv2DBackpropFilter, shape })),
];

/** Effective GFLOP/s of a kernel, or undefined where the backend has none of that name. */
function measure({
  kernel,
  shape: { input, filter, outChannels },
}: (typeof cases)[number]): number | undefined {
  if (!tf.getKernel(kernel, 'wasm')) return undefined;
  const filterShape = [filter, filter, input[3], outChannels];
  const outShape = [input[0], input[1], input[2], outChannels];
  const attrs = {
    strides: [1, 1],
    pad: 'same',
    dataFormat: 'NHWC',
    dilations: [1, 1],
    inputShape: input,
    filterShape,
  };
  const inputs = {
    x: tf.randomUniform(input, -1, 1),
    filter: tf.randomUniform(filterShape, -1, 1),
    dy: tf.randomUniform(outShape, -1, 1),
  };
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000;
  do {
    const start = process.cpuUsage();
    tf.dispose(tf.engine().runKernel(kernel, inputs, attrs));
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, user + system);
  } while (performance.now() < end);
  tf.dispose(inputs);
  return (2 * tf.util.sizeFromShape(filterShape) * input[0] * input[1] * input[2]) / best / 1e3;
}

await useWasm();
const columns = new Map([['stock', cases.map(measure)]]);
installTrainingKernels(undefined);
const gradients = cases.map((one) => (one.kernel === tf.Conv2D ? undefined : measure(one)));
columns.set('composed', gradients);
for (const build of ['conv', ...(supportsRelaxedSimd() ? ['conv-relaxed'] : [])]) {
  const file = new URL(`../src/kernels/${build}.wasm`, import.meta.url);
  installTrainingKernels({
    module: new WebAssembly.Module(readFileSync(file)),
    memory: wasmMemory(tf.backend()),
  });
  columns.set(build, cases.map(measure));
}

console.log(`${cpus()[0]?.model}, Node ${process.version}, effective GFLOP/s, one thread\n`);
console.log(`| kernel | shape | ${[...columns.keys()].join(' | ')} |`);
console.log(`|---|---|${'---:|'.repeat(columns.size)}`);
for (const [i, { kernel, shape }] of cases.entries()) {
  const { input, filter, outChannels } = shape;
  const values = [...columns.values()].map((column) => column[i]?.toFixed(1) ?? '-');
  console.log(
    `| ${kernel} | ${filter}x${filter}, ${input.join('x')} -> ${outChannels} | ${values.join(' | ')} |`,
  );
}
