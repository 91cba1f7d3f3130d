/**
 * Convolution kernels for TensorFlow.js's wasm backend, about four times as fast as its own, and the
 * gradients it lacks.
 *
 * The work is done by a WebAssembly module of our own (`assembly/`, built to `conv.wasm` and
 * `conv-relaxed.wasm`) that computes in the backend's memory. Callers compile the module, since how that is
 * done differs between Node and Workers.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as composed from './composed.ts';
import {
  convInfo,
  convolve,
  filterGradient,
  inputGradient,
  type KernelCall,
  sumRows,
} from './convolution.ts';
import { guardAllocation, type SideExports, sideModule } from './side-module.ts';

export { wasmMemory } from './side-module.ts';

export interface KernelOptions {
  /** Compiled `conv-relaxed.wasm` where `supportsRelaxedSimd()`, else `conv.wasm`. */
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
 * Replaces Conv2D and FusedConv2D of the wasm backend by kernels of our own for 3x3 and 1x1 filters with
 * stride 1; all other shapes still go to the stock kernels. The backend must be initialised.
 *
 * @throws PellucidError `engine/no-backend` when it is not
 */
export function installInferenceKernels({ module, memory }: KernelOptions): void {
  guardAllocation(tf.findBackend('wasm'));
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
  const side = options && sideModule(options.module, options.memory);
  if (side) {
    replaceForward(side);
    replaceKernel(tf.Conv2DBackpropInput, () => (call) => inputGradient(side, call));
    replaceKernel(tf.Conv2DBackpropFilter, () => (call) => filterGradient(side, call));
    replaceKernel(tf.Sum, (stockKernel) => (call) => sumRows(side, call) ?? stockKernel(call));
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
  compose(tf.DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs }) =>
    composed.depthwiseInputGradient(dy, filter, convInfo(attrs.inputShape, filter.shape, attrs, true)),
  );
  compose(tf.DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs }) =>
    composed.depthwiseFilterGradient(x, dy, convInfo(x.shape, attrs.filterShape, attrs, true)),
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
  tf.registerGradient({
    kernelName: tf.DepthToSpace,
    gradFunc: (dy, _saved, attrs) => ({
      x: () => composed.depthToSpaceGradient(dy as tf.Tensor4D, attrs.blockSize as number),
    }),
  });
}

function replaceForward(side: SideExports): void {
  for (const name of [tf.Conv2D, tf.FusedConv2D]) {
    replaceKernel(name, (stockKernel) => (call) => convolve(side, call) ?? stockKernel(call));
  }
}

type Kernel = (call: KernelCall) => tf.TensorInfo;

/**
 * The backend's own kernels, kept so that installing again (another memory, another module) does not wrap a
 * wrapper.
 */
const stock = new Map<string, tf.KernelConfig | undefined>();

function replaceKernel(kernelName: string, make: (stockKernel: Kernel) => Kernel): void {
  const present = tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined;
  if (!stock.has(kernelName)) stock.set(kernelName, present);
  if (present) tf.unregisterKernel(kernelName, 'wasm');
  const own = stock.get(kernelName);
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    // The stock kernel looks its C function up here; without it the fallback would call undefined.
    setupFunc: own?.setupFunc,
    kernelFunc: make(own?.kernelFunc as unknown as Kernel) as unknown as tf.KernelFunc,
  });
}

/** Replaces a kernel by one made of ops: tidy frees what they leave, and keeps the result. */
function compose(kernelName: string, kernel: (call: KernelCall) => tf.Tensor): void {
  replaceKernel(kernelName, () => (call) => tf.tidy(() => kernel(call)));
}
