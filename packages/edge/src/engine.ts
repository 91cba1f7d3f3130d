import { Restorer } from '@pellucid/core';
import { installInferenceKernels } from '@pellucid/core/kernels';
import kernelModule from '@pellucid/core/kernels/conv-checked.wasm';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import wasmFactory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import wasmModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
import * as tf from '@tensorflow/tfjs-core';
import { modelFor, type Task } from './models.ts';

/**
 * Bytes for the feature maps of one tile. The engine's heap then stays below 50 MiB of the isolate's 128 MB, which the
 * pictures and the codecs share; larger tiles were not faster.
 */
const TILE_MEMORY = 32 * 2 ** 20;

let started: Promise<void> | undefined;
const restorers = new Map<Task, Restorer>();

/** The restorer for a task, on an engine that starts with the first call. */
export async function restorerFor(task: Task): Promise<Restorer> {
  started ??= start();
  await started;
  let restorer = restorers.get(task);
  if (!restorer) {
    restorer = new Restorer(modelFor(task), { memory: TILE_MEMORY });
    restorers.set(task, restorer);
  }
  return restorer;
}

/** What the backend's published type leaves out of the module object it is made of. */
interface Emscripten {
  cwrap(name: string, result: 'number' | null, args: 'number'[]): (...args: number[]) => number;
}

/**
 * Starts TensorFlow.js on WebAssembly SIMD, with the project's own convolutions in its memory.
 *
 * Its own start-up fetches and compiles the binary, which a Worker may not; here the binary is compiled with the bundle,
 * and the functions that `init` of the backend would bind are bound to it.
 */
async function start(): Promise<void> {
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
