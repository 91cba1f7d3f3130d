/** Kernels of our own in the place of those of the WebGPU backend that leave most of a GPU idle in training. */
import { convInfo, depthwiseFilterGradient } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { columnSums } from './column-sums.ts';
import { filterGradient } from './filter-gradient.ts';
import type { WebgpuBackend } from './program.ts';

/** Dispatches for each submission: handing over costs as much time as recording several. */
const DISPATCHES_PER_SUBMISSION = 64;

export function installWebgpuKernels(): void {
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', DISPATCHES_PER_SUBMISSION);
  // The gradient of a convolution's input as a product in tiles, rather than one thread for each of its values.
  tf.env().set('WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE', false);

  replace(tf.Conv2DBackpropFilter, ({ inputs, backend, attrs }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { filterShape } = attrs as { filterShape: number[] };
    return filterGradient(
      backend as WebgpuBackend,
      x,
      dy,
      convInfo(x.shape, filterShape, attrs as ConvAttributes),
    );
  });
  replace(tf.DepthwiseConv2dNativeBackpropFilter, ({ inputs, attrs }) => {
    const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
    const { filterShape } = attrs as { filterShape: number[] };
    const info = convInfo(x.shape, filterShape, attrs as ConvAttributes, true);
    return tf.tidy(() => depthwiseFilterGradient(x, dy, info));
  });
  for (const name of [tf.Sum, tf.Mean])
    replace(name, (call, stock) => sumOfColumns(call, name === tf.Mean) ?? stock(call));
}

type ConvAttributes = Parameters<typeof convInfo>[2];

interface Call {
  inputs: tf.NamedTensorInfoMap;
  // biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js' type for a backend's own storage
  backend: any;
  attrs?: unknown;
}

type Kernel = (call: Call) => tf.TensorInfo;

function replace(kernelName: string, kernel: (call: Call, stock: Kernel) => tf.TensorInfo): void {
  const stock = tf.getKernel(kernelName, 'webgpu').kernelFunc as Kernel;
  tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc: (call) => kernel(call as Call, stock),
  });
}

/** A sum or mean over the first axes, or over all; undefined for any other. */
function sumOfColumns({ inputs, backend, attrs }: Call, mean: boolean): tf.TensorInfo | undefined {
  const x = inputs.x as tf.TensorInfo;
  const { axis, keepDims } = attrs as { axis: number | number[] | undefined; keepDims: boolean };
  const axes = tf.util.parseAxisParam(axis ?? [], x.shape);
  const summed = axes.length || x.shape.length;
  const first = axes.every((_, index) => axes.includes(index));
  if (x.dtype !== 'float32' || !first || summed === 0) return undefined;
  const kept = x.shape.slice(summed);
  const columns = tf.util.sizeFromShape(kept);
  const rows = tf.util.sizeFromShape(x.shape) / columns;
  if (rows === 0) return undefined;
  const sums = columnSums(backend, x, rows, columns, mean ? 1 / rows : 1);
  return { ...sums, shape: [...Array(keepDims ? summed : 0).fill(1), ...kept] };
}
