import { Restorer } from '@pellucid/core';
import { installInferenceKernels } from '@pellucid/core/kernels';
import kernelModule from '@pellucid/core/kernels/conv-checked.wasm';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import wasmFactory from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import wasmModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
import * as tf from '@tensorflow/tfjs-core';
import { modelFor, type Task } from './models.ts';

/** Bytes for the feature maps of one tile: what MEMORY.md leaves of the isolate to the engine's heap. */
export const TILE_MEMORY = 12 * 2 ** 20;

let started: Promise<void> | undefined;
let current: { task: Task; restorer: Restorer } | undefined;

/** Starts the engine, once; to be called before the first restorer, or to see whether it can. */
export function startEngine(): Promise<void> {
  started ??= start();
  return started;
}

/**
 * The restorer for a task. Only the last one's weights are kept, so that the heap does not grow with the number of
 * tasks: whoever asks for another must have finished with the one before, which the gate sees to.
 */
export async function restorerFor(task: Task): Promise<Restorer> {
  await startEngine();
  if (current?.task !== task) {
    current?.restorer.dispose();
    current = undefined;
    current = { task, restorer: new Restorer(modelFor(task), { memory: TILE_MEMORY }) };
  }
  return current.restorer;
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
