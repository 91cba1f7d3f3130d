import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { installTrainingKernels, supportsRelaxedSimd, wasmMemory } from '@pellucid/core/kernels';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/**
 * TensorFlow.js on WebAssembly, which npm alone installs anywhere, with the project's convolution kernels: the stock
 * backend lacks the gradients.
 *
 * One thread: the threaded build spins while it waits and loses time wherever the cores are shared.
 *
 * @returns what computes, in words
 */
export async function openWasm(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(`${path.join(path.dirname(manifest), 'wasm-out')}${path.sep}`);
  setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
  const relaxed = supportsRelaxedSimd();
  const build = relaxed ? 'conv-relaxed' : 'conv';
  const file = new URL(import.meta.resolve(`@pellucid/core/kernels/${build}.wasm`));
  const module = new WebAssembly.Module(readFileSync(file));
  installTrainingKernels({ module, memory: wasmMemory(tf.backend()) });
  return relaxed ? 'WebAssembly SIMD with fused multiply-add' : 'WebAssembly SIMD';
}
