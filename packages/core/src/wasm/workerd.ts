import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import wasmFactory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import wasmModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
import * as tf from '@tensorflow/tfjs-core';
import kernelModule from '../kernels/conv-checked.wasm';
import { installInferenceKernels } from '../kernels/index.ts';

/** What the backend's published type leaves out of the module object it is made of. */
interface Emscripten {
  cwrap(name: string, result: 'number' | null, args: 'number'[]): (...args: number[]) => number;
}

/**
 * Makes WebAssembly SIMD, with the kernels of this package, TensorFlow.js's current backend in a Worker.
 *
 * The backend's own start-up fetches and compiles the binary, which a Worker may not; here the binary is compiled with the
 * bundle, and the functions that `init` of the backend would bind are bound to it.
 */
export async function startWasm(): Promise<void> {
  let memory: WebAssembly.Memory | undefined;
  const wasm = await wasmFactory({
    instantiateWasm(
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) {
      const instance = new WebAssembly.Instance(wasmModule, imports);
      memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
      done(instance, wasmModule);
      return instance.exports;
    },
  });
  const { cwrap } = wasm as unknown as Emscripten;
  wasm.tfjs = {
    init: cwrap('init', null, []),
    initWithThreadsCount: cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: cwrap('get_threads_count', 'number', []),
    registerTensor: cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: cwrap('dispose_data', null, ['number']),
    dispose: cwrap('dispose', null, []),
  };
  // The backend registered itself on import, with the start-up that does not work here.
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => new BackendWasm(wasm));
  await tf.setBackend('wasm');
  installInferenceKernels({ module: kernelModule, memory: memory! });
}
