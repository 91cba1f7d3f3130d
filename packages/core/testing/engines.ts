import '@tensorflow/tfjs-layers';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { installTrainingKernels } from '../src/kernels/index.ts';
import { startWasm } from '../src/wasm/node.ts';

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
  await startWasm({ install: installTrainingKernels });
}

/** Makes the cpu backend current, which other engines are compared with. */
export async function useCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
}
