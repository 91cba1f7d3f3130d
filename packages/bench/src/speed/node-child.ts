/** Times one model in a Node of its own, started by `node.ts`: the job on stdin, the timing on stdout, both JSON. */
import { text } from 'node:stream/consumers';
import { wasmMemory } from '@pellucid/core/kernels';
import { loadModel, openEngine } from '@pellucid/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { type Job, timeModel } from './stopwatch.ts';

const { file, job } = JSON.parse(await text(process.stdin)) as { file: string; job: Job };
await openEngine('wasm');
const timing = await timeModel(await loadModel(file), job, {
  wasmBytes: () => wasmMemory(tf.backend()).buffer.byteLength,
  heapBytes: () => process.memoryUsage().heapUsed,
});
process.stdout.write(JSON.stringify(timing));
