/**
 * Restores one photograph with a released model, using nothing but the library, TensorFlow.js and sharp.
 *
 *     node examples/restore-in-node.ts noisy.jpg clean.png
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Restorer, readModel } from '@pellucid/core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';

const [input, output] = process.argv.slice(2);
if (!input || !output) throw new Error('usage: node examples/restore-in-node.ts INPUT OUTPUT');

const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
setWasmPaths(path.join(path.dirname(manifest), 'wasm-out/'));
await tf.setBackend('wasm');

const modelFile = new URL('../models/denoise/small/model.safetensors', import.meta.url);
const restorer = new Restorer(readModel(await readFile(modelFile)));

const { data, info } = await sharp(input).autoOrient().removeAlpha().toColourspace('srgb').raw().toBuffer({
  resolveWithObject: true,
});
const { width, height } = info;
const restored = await restorer.restore(
  { width, height, channels: 3, data },
  { onProgress: (done, total) => console.log(`tile ${done} of ${total}`) },
);
restorer.dispose();
await sharp(restored.data as Uint8Array, { raw: { width, height, channels: 3 } }).toFile(output);
