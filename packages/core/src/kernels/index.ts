/**
 * Kernels for TensorFlow.js's wasm backend, several times as fast as its own, and the gradients it lacks.
 *
 * The work is done by a WebAssembly module of our own (`assembly/`, built as
 * `scripts/build-kernels.ts` says) that computes in the backend's memory. Callers compile the module, since how that is
 * done differs between Node and Workers.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as composed from './composed.ts';
import {
  CONTRAST,
  CONTRAST_GRADIENT,
  contrastGradientKernel,
  contrastKernel,
  NATURAL,
  NATURAL_GRADIENT,
  naturalGradientKernel,
  naturalKernel,
} from './contrast.ts';
import {
  addRows,
  convInfo,
  convolve,
  filterGradient,
  inputGradient,
  type KernelCall,
} from './convolution.ts';
import * as depthwise from './depthwise.ts';
import { GATE, GATE_GRADIENT, gateGradientKernel, gateKernel } from './gate.ts';
import { GELU, GELU_GRADIENT, geluGradientKernel, geluKernel } from './gelu.ts';
import { LAYER_NORM, LAYER_NORM_GRADIENT, layerNormGradientKernel, layerNormKernel } from './layer-norm.ts';
import { matMul } from './matmul.ts';
import { max, mean, sum } from './reductions.ts';
import { ADD_ROWS, CONV_ROWS } from './rows.ts';
import { guardAllocation, type SideExports, sideModule } from './side-module.ts';
import { concat, slice, unpack } from './slices.ts';
import {
  WINDOW_ATTENTION,
  WINDOW_ATTENTION_GRADIENT,
  windowAttentionGradientKernel,
  windowAttentionKernel,
} from './window-attention.ts';
import { useInWorkspaces } from './workspace.ts';

export { depthwiseFilterGradient, forEachTap } from './composed.ts';
export { convInfo } from './convolution.ts';
export { gate } from './gate.ts';
export { gelu } from './gelu.ts';
export { layerNorm } from './layer-norm.ts';
export { wasmMemory } from './side-module.ts';
export { windowAttention } from './window-attention.ts';
export { useInWorkspaces } from './workspace.ts';

export interface KernelOptions {
  /**
   * Compiled `conv-relaxed.wasm` where `supportsRelaxedSimd()`, else `conv.wasm`. In workerd `conv-checked.wasm`, which
   * is a fifth faster where, as there, V8 checks the bounds of each access itself rather than leave it to the processor.
   * `conv-joined.wasm` where V8 was told to join vectors before it is compiled, as `startWasm` of Node can.
   */
  module: WebAssembly.Module;
  /** The memory of the wasm backend: `wasmMemory(tf.backend())`, or what `instantiateWasm` was given. */
  memory: WebAssembly.Memory;
}

/** Whether this machine compiles `conv-relaxed.wasm`, asked with a module of one relaxed instruction. */
export function supportsRelaxedSimd(): boolean {
  // (func (result v128) (i8x16.relaxed_swizzle (i8x16.splat (i32.const 0)) (i8x16.splat (i32.const 0))))
  const header = '00 61 73 6d 01 00 00 00  01 05 01 60 00 01 7b  03 02 01 00';
  const code = '0a 0f 01 0d 00  41 00 fd 0f  41 00 fd 0f  fd 80 02  0b';
  return WebAssembly.validate(
    Uint8Array.from(`${header} ${code}`.split(/ +/), (byte) => Number.parseInt(byte, 16)),
  );
}

/**
 * Replaces convolutions (plain and depthwise), matrix products, slices, concatenations and reductions of the wasm
 * backend by kernels of our own, and gives `layerNorm`, `gelu`, `gate` and `windowAttention` theirs. What they do not cover (NCHW, rare activations) still
 * goes to the stock kernels. The backend must be initialised.
 *
 * @throws PellucidError `engine/no-backend` when it is not
 */
export function installInferenceKernels({ module, memory }: KernelOptions): void {
  guardAllocation(tf.findBackend('wasm'));
  useInWorkspaces(module);
  replaceForward(sideModule(module, memory));
}

/**
 * Installs the inference kernels and everything the wasm backend lacks, has wrong or is slow at for training:
 * the gradients of convolution, depthwise convolution, max pooling, depth-to-space and bias, and clones. Without a
 * module, where SIMD cannot be compiled, they are composed of stock ops: right, and about four times slower.
 * The backend must be initialised.
 *
 * @throws PellucidError `engine/no-backend` when it is not
 */
export function installTrainingKernels(options: KernelOptions | undefined): void {
  guardAllocation(tf.findBackend('wasm'));
  useInWorkspaces(options?.module);
  const side = options && sideModule(options.module, options.memory);
  if (side) {
    replaceForward(side);
    replaceKernel(tf.Conv2DBackpropInput, () => (call) => inputGradient(side, call));
    replaceKernel(tf.Conv2DBackpropFilter, () => (call) => filterGradient(side, call));
    replaceKernel(LAYER_NORM_GRADIENT, () => (call) => layerNormGradientKernel(side, call));
    replaceKernel(GELU_GRADIENT, () => (call) => geluGradientKernel(side, call));
    replaceKernel(GATE_GRADIENT, () => (call) => gateGradientKernel(side, call));
    replaceKernel(CONTRAST, () => (call) => contrastKernel(side, call));
    replaceKernel(CONTRAST_GRADIENT, () => (call) => contrastGradientKernel(side, call));
    replaceKernel(NATURAL, () => (call) => naturalKernel(side, call));
    replaceKernel(NATURAL_GRADIENT, () => (call) => naturalGradientKernel(side, call));
    replaceKernel(WINDOW_ATTENTION_GRADIENT, () => (call) => windowAttentionGradientKernel(side, call));
  } else {
    compose(tf.Conv2DBackpropInput, ({ inputs: { dy, filter }, attrs }) =>
      composed.convInputGradient(dy, filter, convInfo(attrs.inputShape, filter.shape, attrs)),
    );
    compose(tf.Conv2DBackpropFilter, ({ inputs: { x, dy }, attrs }) =>
      composed.convFilterGradient(x, dy, convInfo(x.shape, attrs.filterShape, attrs)),
    );
  }
  // The stock kernel copies, where every other backend shares, and a gradient clones every tensor that it saves.
  replaceKernel(tf.Identity, () => ({ inputs: { x }, backend }) => {
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
  compose(
    tf.DepthwiseConv2dNativeBackpropInput,
    ({ inputs: { dy, filter }, attrs }) =>
      composed.depthwiseInputGradient(dy, filter, convInfo(attrs.inputShape, filter.shape, attrs, true)),
    (call) => side && depthwise.inputGradient(side, call),
  );
  compose(
    tf.DepthwiseConv2dNativeBackpropFilter,
    ({ inputs: { x, dy }, attrs }) =>
      composed.depthwiseFilterGradient(x, dy, convInfo(x.shape, attrs.filterShape, attrs, true)),
    (call) => side && depthwise.filterGradient(side, call),
  );
  compose(tf.UnsortedSegmentSum, ({ inputs: { x, segmentIds }, attrs: { numSegments } }) =>
    composed.unsortedSegmentSum(x, segmentIds, numSegments),
  );
  compose(
    tf.MaxPoolGrad,
    ({ inputs: { dy, input, output }, attrs: { filterSize, strides, pad, dimRoundingMode } }) => {
      const info = tf.backend_util.computePool2DInfo(
        input.shape,
        filterSize,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      return composed.maxPoolGradient(dy, input, output, info);
    },
  );
  registerMissingGradients();
}

/** The gradients that TensorFlow.js has for no backend, and the one that its cpu backend has wrong. */
export function registerMissingGradients(): void {
  if (tf.getKernel(tf.ResizeNearestNeighborGrad, 'cpu'))
    replaceKernel(tf.ResizeNearestNeighborGrad, perImage, 'cpu');
  tf.registerGradient({
    kernelName: tf.DepthToSpace,
    gradFunc: (dy, _saved, attrs) => ({
      x: () => composed.depthToSpaceGradient(dy as tf.Tensor4D, attrs.blockSize as number),
    }),
  });
}

function replaceForward(side: SideExports): void {
  const ours: Record<string, (side: SideExports, call: KernelCall) => ReturnType<Kernel> | undefined> = {
    [tf.Conv2D]: convolve,
    [tf.FusedConv2D]: convolve,
    [CONV_ROWS]: convolve,
    [ADD_ROWS]: addRows,
    [tf.DepthwiseConv2dNative]: depthwise.convolve,
    [tf.FusedDepthwiseConv2D]: depthwise.convolve,
    [tf.BatchMatMul]: matMul,
    [tf.Slice]: slice,
    [tf.Concat]: concat,
    [tf.Unpack]: unpack,
    [tf.Sum]: sum,
    [tf.Mean]: mean,
    [tf.Max]: max,
    [LAYER_NORM]: layerNormKernel,
    [GELU]: geluKernel,
    [GATE]: gateKernel,
    [WINDOW_ATTENTION]: windowAttentionKernel,
  };
  for (const [name, kernel] of Object.entries(ours))
    replaceKernel(name, (stockKernel) => (call) => kernel(side, call) ?? stockKernel(call));
}

type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/**
 * The backends' own kernels, kept so that installing again (another memory, another module) does not wrap a
 * wrapper.
 */
const stock = new Map<string, tf.KernelConfig | undefined>();

function replaceKernel(
  kernelName: string,
  make: (stockKernel: Kernel) => Kernel,
  backendName: 'wasm' | 'cpu' = 'wasm',
): void {
  const key = `${backendName} ${kernelName}`;
  const present = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  if (!stock.has(key)) stock.set(key, present);
  if (present) tf.unregisterKernel(kernelName, backendName);
  const own = stock.get(key);
  tf.registerKernel({
    kernelName,
    backendName,
    // The stock kernel looks its C function up here; without it the fallback would call undefined.
    setupFunc: own?.setupFunc,
    kernelFunc: make(own?.kernelFunc as unknown as Kernel) as unknown as tf.KernelFunc,
  });
}

/**
 * Replaces a kernel by one made of ops, for the calls that `ours` passes on: tidy frees what they leave, and keeps the
 * result.
 */
function compose(
  kernelName: string,
  ops: (call: KernelCall) => tf.Tensor,
  ours: (call: KernelCall) => tf.TensorInfo | undefined = () => undefined,
): void {
  replaceKernel(kernelName, () => (call) => ours(call) ?? tf.tidy(() => ops(call)));
}

/** The gradient of nearest-neighbour enlargement, image by image: the cpu backend has it right for one alone. */
function perImage(stockKernel: Kernel): Kernel {
  return (call) => {
    const { images, dy } = call.inputs as Record<'images' | 'dy', tf.Tensor4D>;
    if (images.shape[0] === 1) return stockKernel(call);
    return tf.tidy(() => {
      const one = (index: number) => {
        const inputs = { images: tf.slice(images, index, 1), dy: tf.slice(dy, index, 1) };
        return tf.engine().runKernel(tf.ResizeNearestNeighborGrad, inputs, call.attrs) as tf.Tensor;
      };
      return tf.concat(Array.from({ length: images.shape[0] }, (_, index) => one(index)));
    });
  };
}
