/** What the browser runs: fetches the model, times it, and sends the timing back to the server that it came from. */
import { readModel } from '@pellucid/core';
import { wasmMemory } from '@pellucid/core/kernels';
import { startWasm } from '@pellucid/core/wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type Job, timeModel } from '../src/speed/stopwatch.ts';

async function measure(): Promise<unknown> {
  const [job, bytes] = await Promise.all([
    fetch('/job').then((response) => response.json() as Promise<Job>),
    fetch('/model').then((response) => response.arrayBuffer()),
  ]);
  await startWasm({
    backend: '/wasm/tfjs-backend-wasm-simd.wasm',
    kernels: '/kernels/conv.wasm',
    relaxedKernels: '/kernels/conv-relaxed.wasm',
  });
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
