/** The released networks in a thread of the browser: TensorFlow.js on WebAssembly SIMD, with the kernels of the project. */
import { Restorer, readModel } from '@pellucid/core';
import kernels from '@pellucid/core/kernels/conv.wasm';
import relaxedKernels from '@pellucid/core/kernels/conv-relaxed.wasm';
import { startWasm } from '@pellucid/core/wasm';
import backend from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm';
import { BUNDLED } from '../src/bundled.ts';

/** Six times what the Worker has: taller strips cost less. Smaller ones mean that progress moves more often. */
const TILE_MEMORY = 64 * 2 ** 20;

/** The addresses of the networks, by task. */
const networks = new Map<string, string>(Object.entries(BUNDLED));

/** The tasks that there are networks for, and other students of them. */
export const students: readonly string[] = [...networks.keys()];

let started: Promise<void> | undefined;
const restorers = new Map<string, Restorer>();

/** Fetches the network of a task and starts the engine, unless that was done. */
export async function restorerFor(task: string): Promise<Restorer> {
  const restorer = restorers.get(task) ?? (await makeRestorer(task));
  restorers.set(task, restorer);
  return restorer;
}

async function makeRestorer(task: string): Promise<Restorer> {
  started ??= startWasm({ backend, kernels, relaxedKernels }).catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  const [weights] = await Promise.all([fetched(networks.get(task)!), started]);
  return new Restorer(readModel(new Uint8Array(await weights.arrayBuffer())), { memory: TILE_MEMORY });
}

async function fetched(address: string): Promise<Response> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}.`);
  return response;
}
