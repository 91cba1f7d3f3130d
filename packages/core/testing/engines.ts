import '@tensorflow/tfjs-layers';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { installTrainingKernels, supportsRelaxedSimd, wasmMemory } from '../src/kernels/index.ts';

/** Makes the stock wasm backend current, for tests in Node. */
export async function useWasm(): Promise<void> {
  const require = createRequire(import.meta.url);
  setWasmPaths(
    `${join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out')}/`,
  );
  await tf.setBackend('wasm');
}

/** The same with the project's own kernels and the gradients that the stock backend lacks. */
export async function useTrainingWasm(): Promise<void> {
  await useWasm();
  const name = supportsRelaxedSimd() ? 'conv-relaxed.wasm' : 'conv.wasm';
  const bytes = await readFile(new URL(`../src/kernels/${name}`, import.meta.url));
  installTrainingKernels({ module: await WebAssembly.compile(bytes), memory: wasmMemory(tf.backend()) });
}

/** Makes the cpu backend current, which other engines are compared with. */
export async function useCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
