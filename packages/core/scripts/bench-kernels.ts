/**
 * Times our kernels against what the wasm backend has without them: its own, or for gradients that it lacks, those
 * composed of its ops. Prints a Markdown table: effective GFLOP/s on one thread, 2 FLOP a multiply-add of the plain
 * convolution, so that Winograd may pass the machine's peak, which a loop of multiply-adds in registers finds in the same
 * run. Then the heap that a chain of convolutions takes.
 *
 * Both sides run in turn, and each figure is the best of a second, in processor time, which other work on the machine
 * disturbs least; an idle machine is better still. Run as `node packages/core/scripts/bench-kernels.ts`, with
 * `--wasm-enforce-bounds-checks` before the file's name and `conv-checked` behind it for what workerd does to them, with
 * `--experimental-wasm-revectorize` and `conv-joined` for what training and the command line do. A second word picks the
 * rows that contain it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import asc from 'assemblyscript/asc';
import {
  gate,
  gelu,
  installInferenceKernels,
  installTrainingKernels,
  layerNorm,
  supportsRelaxedSimd,
  wasmMemory,
} from '../src/kernels/index.ts';
import { windowAttention } from '../src/network/ops/window-attention.ts';
import { useWasm } from '../testing/engines.ts';

const [build = supportsRelaxedSimd() ? 'conv-relaxed' : 'conv', only = ''] = process.argv.slice(2);
const side = () => ({
  module: new WebAssembly.Module(readFileSync(new URL(`../src/kernels/${build}.wasm`, import.meta.url))),
  memory: wasmMemory(tf.backend()),
});

interface Row {
  name: string;
  /** Multiply-adds, or 0 for what only moves or maps values. */
  macs: number;
  run(): tf.Tensor;
}

const uniform = (...shape: number[]) => tf.randomUniform<tf.Rank.R4>(shape as tf.ShapeMap['R4'], -1, 1);

/** One of the kernels of a convolution with padding `same`. */
function convolution(
  kernel: string,
  input: [number, number, number, number],
  size: number,
  out: number,
  stride = 1,
): Row {
  const depthwise = kernel.startsWith('Depthwise');
  const filterShape = [size, size, input[3], out] as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(input, filterShape, stride, 1, 'same', undefined, depthwise);
  const inputs = { x: uniform(...input), filter: uniform(...filterShape), dy: uniform(...info.outShape) };
  const attrs = {
    strides: [stride, stride],
    dilations: [1, 1],
    pad: 'same',
    dataFormat: 'NHWC',
    inputShape: input,
    filterShape,
  };
  return {
    name: `${kernel} ${size}x${size}${stride > 1 ? ` /${stride}` : ''}, ${input.join('x')} -> ${info.outChannels}`,
    macs: tf.util.sizeFromShape(filterShape) * info.batchSize * info.outHeight * info.outWidth,
    run: () => tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor,
  };
}

function product(a: number[], b: number[], transposeA: boolean, transposeB: boolean): Row {
  const [x, y] = [uniform(...a), uniform(...b)];
  const turned = `${transposeA ? 'A^T' : 'A'} ${transposeB ? 'B^T' : 'B'}`;
  return {
    name: `${tf.BatchMatMul} ${turned}, ${a.join('x')} by ${b.join('x')}`,
    macs: tf.util.sizeFromShape(a) * b.at(transposeB ? -2 : -1)!,
    run: () => tf.matMul(x, y, transposeA, transposeB),
  };
}

function rows(): Row[] {
  const wide = uniform(1, 256, 256, 64);
  const half = uniform(1, 256, 256, 32);
  const vector = uniform(64);
  const qkv = uniform(1, 128, 128, 180);
  const heads = uniform(225, 6);
  const node = {
    op: 'window-attention',
    name: 'a',
    window: 8,
    heads: 6,
    shift: 0,
    tokens: 'positions',
  } as const;
  const attend = (x: tf.Tensor) =>
    windowAttention.run(
      { ...node, inputs: [0], channels: 60, stride: 1 },
      [x as tf.Tensor4D],
      { 'a.relative_position_bias_table': heads },
      {},
    );
  const map = (name: string, run: () => tf.Tensor): Row => ({ name, macs: 0, run });
  const trained = (run: (x: tf.Tensor) => tf.Tensor) => () => tf.tidy(() => tf.grad(run)(wide));
  return [
    convolution(tf.Conv2D, [1, 256, 256, 32], 3, 32),
    convolution(tf.Conv2D, [1, 256, 256, 64], 3, 64),
    convolution(tf.Conv2D, [1, 256, 256, 12], 3, 32),
    convolution(tf.Conv2D, [1, 256, 256, 3], 3, 64),
    convolution(tf.Conv2D, [1, 256, 256, 64], 3, 3),
    convolution(tf.Conv2D, [1, 256, 256, 32], 3, 64, 2),
    convolution(tf.Conv2D, [1, 256, 256, 32], 2, 64, 2),
    convolution(tf.Conv2D, [1, 256, 256, 32], 5, 32),
    convolution(tf.Conv2D, [1, 128, 128, 128], 1, 64),
    convolution(tf.Conv2D, [1, 256, 256, 32], 1, 64),
    ...[tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter].flatMap((kernel) => [
      convolution(kernel, [8, 64, 64, 32], 3, 32),
      convolution(kernel, [8, 64, 64, 64], 3, 64),
      convolution(kernel, [8, 24, 24, 64], 3, 64),
      convolution(kernel, [8, 32, 32, 128], 1, 64),
    ]),
    convolution(tf.DepthwiseConv2dNative, [1, 256, 256, 32], 3, 1),
    convolution(tf.DepthwiseConv2dNative, [8, 64, 64, 64], 3, 1),
    convolution(tf.DepthwiseConv2dNative, [1, 256, 256, 64], 7, 1),
    convolution(tf.DepthwiseConv2dNative, [1, 32, 32, 1024], 3, 1),
    convolution(tf.DepthwiseConv2dNative, [1, 128, 128, 48], 3, 2),
    convolution(tf.DepthwiseConv2dNativeBackpropInput, [8, 64, 64, 32], 3, 1),
    convolution(tf.DepthwiseConv2dNativeBackpropFilter, [8, 64, 64, 32], 3, 1),
    product([16384, 64], [64, 64], false, false),
    product([192, 64, 10], [192, 64, 10], false, true),
    product([4, 16384, 12], [4, 16384, 12], true, false),
    map('Slice 32 of 64 channels', () => tf.slice(wide, [0, 0, 0, 32], [-1, -1, -1, 32])),
    map('Concat 32 and 32 channels', () => tf.concat([half, half], 3)),
    map('layer norm, 1x256x256x64', () => layerNorm(wide, vector, vector, 1e-6)),
    map(
      'layer norm and its gradient',
      trained((x) => layerNorm(x, vector, vector, 1e-6)),
    ),
    map('attention in 8x8 windows, 6 heads, 1x128x128x60', () => attend(qkv)),
    map('attention in 8x8 windows and its gradient', () => tf.tidy(() => tf.grad(attend)(qkv))),
    map('mean of each channel, 1x256x256x64', () => tf.mean(wide, [1, 2])),
    map('GELU, 1x256x256x64', () => gelu(wide)),
    map('gate with GELU, 1x256x256x64', () => gate(wide, true)),
    map('GELU and its gradient', trained(gelu)),
  ].filter(({ name }) => name.includes(only));
}

/** The best processor time of `run` in milliseconds, for each set of kernels. */
function measure(run: () => tf.Tensor, sets: tf.KernelConfig[][]): number[] {
  const best = sets.map(() => Number.POSITIVE_INFINITY);
  const end = performance.now() + 1000 * sets.length;
  do {
    for (const [index, kernels] of sets.entries()) {
      use(kernels);
      for (let i = 0; i < 3; i++) {
        best[index] = Math.min(
          best[index]!,
          processorTime(() => tf.dispose(run())),
        );
      }
    }
  } while (performance.now() < end);
  return best;
}

/** Milliseconds; the sum of both kinds, since the system only guesses how they share. */
function processorTime(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Makes these all the kernels that the backend has. */
function use(kernels: tf.KernelConfig[]): void {
  for (const { kernelName } of tf.getKernelsForBackend('wasm')) tf.unregisterKernel(kernelName, 'wasm');
  for (const kernel of kernels) tf.registerKernel(kernel);
}

/**
 * GFLOP/s of multiply-adds in registers: eight sums, as many as it takes to keep two units of four cycles busy. Where V8 joins
 * vectors they are eight pairs, stored side by side at the end as its search for pairs wants it.
 */
async function peak(): Promise<number> {
  const sums = Array.from({ length: build === 'conv-joined' ? 16 : 8 }, (_, i) => `s${i}`);
  const madd = build === 'conv' ? 'f32x4.add(f32x4.mul(a, b), S)' : 'f32x4.relaxed_madd(a, b, S)';
  // Factors that come as arguments: V8 builds a vector constant anew wherever it is used.
  const source = `export function peak(n: i32, x: f32, y: f32): void {
    const a = f32x4.splat(x), b = f32x4.splat(y);
    ${sums.map((s, i) => `let ${s} = f32x4.splat(<f32>${i >> 1});`).join('')}
    for (; n > 0; n--) { ${sums.map((s) => `${s} = ${madd.replace('S', s)};`).join('')} }
    ${sums.map((s, i) => `v128.store(0, ${s}, ${16 * i});`).join('')}
  }`;
  const { binary, error } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: 'stub',
    initialMemory: 1,
    enable: ['simd', 'relaxed-simd'],
  });
  if (!binary) throw error;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>));
  const loop = exports.peak as (n: number, x: number, y: number) => void;
  let best = Number.POSITIVE_INFINITY;
  const count = 1e6;
  for (let i = 0; i < 200; i++) {
    best = Math.min(
      best,
      processorTime(() => loop(count, 1.0001, 0.9999)),
    );
  }
  return (count * sums.length * 8) / best / 1e6;
}

/** MiB of the heap after thirteen 3x3 convolutions, 3 to 32 to 3 channels, at 512x512, in a process of its own: it never shrinks. */
function heap(kernels: 'stock' | 'ours'): number {
  return Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), build, `heap-${kernels}`]));
}

await useWasm();
if (only.startsWith('heap-')) {
  if (only === 'heap-ours') installInferenceKernels(side());
  let x = tf.zeros<tf.Rank.R4>([1, 512, 512, 3]);
  for (const channels of [...Array(12).fill(32), 3] as number[]) {
    const filter = tf.zeros<tf.Rank.R4>([3, 3, x.shape[3], channels]);
    const y = tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', activation: 'relu' });
    x.dispose(); // not the filter: the stock kernel keeps a table for each that lives
    x = y;
  }
  console.log(wasmMemory(tf.backend()).buffer.byteLength / 2 ** 20);
  process.exit();
}

const stock = tf.getKernelsForBackend('wasm');
installTrainingKernels(undefined);
// What the stock backend lacks is composed; all else stays as shipped.
const names = new Set(stock.map(({ kernelName }) => kernelName));
const baseline = [
  ...stock,
  ...tf.getKernelsForBackend('wasm').filter(({ kernelName }) => !names.has(kernelName)),
];
installTrainingKernels(side());
const ours = tf.getKernelsForBackend('wasm');

const limit = await peak();
console.log(`${cpus()[0]?.model}, Node ${process.version}, ${build}.wasm, one thread, GFLOP/s (or ms)`);
console.log(`peak of multiply-adds in registers: ${limit.toFixed(1)} GFLOP/s\n`);
console.log('| kernel | without | ours | ratio | of the peak |\n|---|---:|---:|---:|---:|');
for (const { name, macs, run } of rows()) {
  const times = measure(run, [baseline, ours]) as [number, number];
  const [before, after] = macs ? times.map((time) => (2 * macs) / time / 1e6) : times;
  const share = macs ? `${((100 * after!) / limit).toFixed(0)} %` : '';
  const unit = macs ? '' : ' ms';
  const ratio = (times[0] / times[1]).toFixed(1);
  console.log(
    `| ${name} | ${before!.toFixed(1)}${unit} | ${after!.toFixed(1)}${unit} | ${ratio} | ${share} |`,
  );
}

if (!only) {
  const [without, own] = [heap('stock'), heap('ours')];
  console.log(
    `\nheap, thirteen convolutions of 32 channels at 512x512: ${without.toFixed(0)} MiB without, ${own.toFixed(0)} MiB ours`,
  );
}
