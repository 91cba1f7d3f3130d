/**
 * Restores one photograph with a released model, using nothing but the library and sharp.
 *
 *     node restore-in-node.ts noisy.jpg clean.png
 */
import { readFile } from 'node:fs/promises';
import { Restorer, readModel } from '@pellucid/core';
import { startWasm } from '@pellucid/core/wasm';
import { models } from '@pellucid/models';
import sharp from 'sharp';

const [input, output] = process.argv.slice(2);
if (!input || !output) throw new Error('usage: node restore-in-node.ts INPUT OUTPUT');

await startWasm();
const restorer = new Restorer(readModel(await readFile(models['denoise/small'])));

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
