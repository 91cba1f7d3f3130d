import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { PellucidError } from '../errors.ts';
import { installInferenceKernels, supportsRelaxedSimd, wasmMemory } from '../kernels/index.ts';

/** Where a page finds the WebAssembly: addresses, as bundlers give for these files. */
export interface WasmAddresses {
  /** Of `@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm`. */
  backend: string;
  /** Of `@pellucid/core/kernels/conv.wasm`. */
  kernels: string;
  /** Of `@pellucid/core/kernels/conv-relaxed.wasm`, which most browsers can run, a fifth faster. */
  relaxedKernels: string;
}

/**
 * Makes WebAssembly SIMD, with the kernels of this package, TensorFlow.js's current backend in a browser, on a page or in
 * one of its threads.
 *
 * @throws PellucidError `engine/not-fetched` where the kernels' address does not answer; the backend's own error where its
 *   does not
 */
export async function startWasm({ backend, kernels, relaxedKernels }: WasmAddresses): Promise<void> {
  // It wants addresses of the builds without SIMD and with threads too, of which it needs neither.
  const builds = ['', '-simd', '-threaded-simd'].map((build) => [`tfjs-backend-wasm${build}.wasm`, backend]);
  setWasmPaths(Object.fromEntries(builds));
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
  const address = supportsRelaxedSimd() ? relaxedKernels : kernels;
  const response = await fetch(address);
  if (!response.ok)
    throw new PellucidError('engine/not-fetched', `The kernels at ${address} answered ${response.status}.`);
  const module = await WebAssembly.compileStreaming(response);
  installInferenceKernels({ module, memory: wasmMemory(tf.backend()) });
}
