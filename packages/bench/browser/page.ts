/** What the browser runs: fetches the model, times it, and sends the timing back to the server that it came from. */
import { readModel } from '@pellucid/core';
import { installInferenceKernels, supportsRelaxedSimd, wasmMemory } from '@pellucid/core/kernels';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type Job, timeModel } from './stopwatch.ts';

async function measure(): Promise<unknown> {
  const [job, bytes] = await Promise.all([
    fetch('/job').then((response) => response.json() as Promise<Job>),
    fetch('/model').then((response) => response.arrayBuffer()),
  ]);
  setWasmPaths('/wasm/');
  await tf.setBackend('wasm');
  const build = supportsRelaxedSimd() ? 'conv-relaxed' : 'conv';
  const module = await WebAssembly.compileStreaming(fetch(`/kernels/${build}.wasm`));
  installInferenceKernels({ module, memory: wasmMemory(tf.backend()) });
  return timeModel(readModel(new Uint8Array(bytes)), job, {
    wasmBytes: () => wasmMemory(tf.backend()).buffer.byteLength,
    // Chromium alone says how large its heap is.
    heapBytes: () => (performance as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? null,
  });
}

const answer = await measure().then(
  (timing) => ({ timing }),
  (error: Error) => ({ error: `${error.message}\n${error.stack}` }),
);
await fetch('/answer', { method: 'POST', body: JSON.stringify(answer) });
