import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import v8 from 'node:v8';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import {
  installInferenceKernels,
  supportsRelaxedSimd,
  useInWorkspaces,
  wasmMemory,
} from '../kernels/index.ts';

export interface WasmOptions {
  /** Which kernels: `installTrainingKernels`, to train; those that restore, unless given. */
  install?: typeof installInferenceKernels;
  /**
   * Whether V8 may join vectors of four floats that lie side by side into one of eight, which it does on x64 with AVX2 from
   * Node 24 on when `--experimental-wasm-revectorize` is set: the values stay the same, matrix products take half the time. The
   * flag is V8's for the whole process, and experimental, hence for processes of one's own; not set unless asked for.
   */
  joinVectors?: boolean;
}

/**
 * Makes WebAssembly SIMD, with the kernels of this package, TensorFlow.js's current backend in Node.
 *
 * One thread: the threaded build spins while it waits and loses time wherever the cores are shared.
 */
export async function startWasm({
  install = installInferenceKernels,
  joinVectors = false,
}: WasmOptions = {}): Promise<void> {
  // Before anything is compiled that should heed it.
  const joined = joinVectors && letVectorsJoin();
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(`${path.join(path.dirname(manifest), 'wasm-out')}${path.sep}`);
  setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
  install({ module: await compileKernels(joined), memory: wasmMemory(tf.backend()) });
}

/** Has deconvolution, which no backend does, done by the kernels of this package beside another backend than wasm. */
export async function startWorkspaces(): Promise<void> {
  useInWorkspaces(await compileKernels(letVectorsJoin()));
}

async function compileKernels(joined: boolean): Promise<WebAssembly.Module> {
  const build = joined ? 'conv-joined' : supportsRelaxedSimd() ? 'conv-relaxed' : 'conv';
  // By its public name, so that a bundle of this file still finds it among the packages.
  return WebAssembly.compile(
    await readFile(new URL(import.meta.resolve(`@pellucid/core/kernels/${build}.wasm`))),
  );
}

/**
 * Sets V8's flag where V8 heeds it: its 13th version, Node 24's, is the first that joins what the kernels are made of. A newer
 * one may have dropped it and says nothing: `scripts/bench-kernels.ts` shows whether products still run at twice the rate.
 */
export function letVectorsJoin(): boolean {
  const able =
    process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= 13 && supportsRelaxedSimd();
  if (able) v8.setFlagsFromString('--experimental-wasm-revectorize');
  return able;
}
