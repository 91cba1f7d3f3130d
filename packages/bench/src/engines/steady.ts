/**
 * Trains for 500 steps and prints, every 50, what a leak would make grow: tensors, the heap of WebAssembly, resident
 * memory. Exits with status 1 unless tensors, and the heap once a validation has been, stayed as they were.
 *
 *     node packages/bench/src/engines/steady.ts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openEngine, openTrainingData, parseRecipe, train } from '@pellucid/trainer';
import * as tf from '@tensorflow/tfjs-core';

const EVERY = 50;
const recipe = parseRecipe(`
name: steady
task: denoise
data: { patch: 32, batch: 4, validation: { count: 4, size: 64 } }
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [32, 64, 96], encoder: [2, 1, 1], decoder: [2, 1] }
method: { kind: scratch }
steps: 500
every: { log: 50, validate: 100, checkpoint: 250 }
`);

const { description } = await openEngine('wasm');
console.log(`${description}\n`);
console.log('| step | tensors | wasm heap, MiB | resident, MiB |\n|--:|--:|--:|--:|');
const heaps: number[] = [];
const tensors: number[] = [];
const folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-steady-'));
try {
  await train({
    recipe,
    data: await openTrainingData(recipe),
    folder,
    observe(event) {
      if (event.kind !== 'step' || event.step % EVERY !== 0) return;
      const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
      heaps.push(wasm.HEAPU8.length);
      tensors.push(tf.memory().numTensors);
      const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
      console.log(
        `| ${event.step} | ${tensors.at(-1)} | ${mebibytes(heaps.at(-1)!)} | ${mebibytes(process.memoryUsage.rss())} |`,
      );
    },
  });
} finally {
  await rm(folder, { recursive: true });
}
// The first validation, on larger images, comes after step 100.
const flat = new Set(tensors).size === 1 && new Set(heaps.slice(2)).size === 1;
console.log(flat ? '\nFlat.' : '\nSomething grows.');
process.exitCode = flat ? 0 : 1;
