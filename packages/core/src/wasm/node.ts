import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { installInferenceKernels, supportsRelaxedSimd, wasmMemory } from '../kernels/index.ts';

/**
 * Makes WebAssembly SIMD, with the kernels of this package, TensorFlow.js's current backend in Node.
 *
 * One thread: the threaded build spins while it waits and loses time wherever the cores are shared.
 *
 * @param install which kernels: `installTrainingKernels`, to train; those that restore, unless given
 */
export async function startWasm({ install = installInferenceKernels } = {}): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(`${path.join(path.dirname(manifest), 'wasm-out')}${path.sep}`);
  setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
  const build = supportsRelaxedSimd() ? 'conv-relaxed' : 'conv';
  // By its public name, so that a bundle of this file still finds it among the packages.
  const bytes = await readFile(new URL(import.meta.resolve(`@pellucid/core/kernels/${build}.wasm`)));
  install({ module: await WebAssembly.compile(bytes), memory: wasmMemory(tf.backend()) });
}
