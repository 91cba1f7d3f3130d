/**
 * Restores one photograph with ONNX Runtime: a released model leaves for wherever that runs.
 *
 *     node restore-with-onnx-runtime.ts noisy.jpg clean.png
 */
import { readFile } from 'node:fs/promises';
import { readModel } from '@pellucid/core';
import { exportOnnx } from '@pellucid/core/export';
import { models } from '@pellucid/models';
import * as ort from 'onnxruntime-web';
import sharp from 'sharp';

const [input, output] = process.argv.slice(2);
if (!input || !output) throw new Error('usage: node restore-with-onnx-runtime.ts INPUT OUTPUT');

const model = readModel(await readFile(models['denoise/small']));
const session = await ort.InferenceSession.create(exportOnnx(model));

// The network halves its input a few times: sides are mirrored up to a multiple of its alignment, and cut again.
const photograph = sharp(input).autoOrient().removeAlpha().toColourspace('srgb');
const { data: upright, info } = await photograph.raw().toBuffer({ resolveWithObject: true });
const beyond = (side: number) => -side & (model.graph.alignment - 1);
const { data, info: padded } = await sharp(upright, { raw: info })
  .extend({ right: beyond(info.width), bottom: beyond(info.height), extendWith: 'mirror' })
  .raw()
  .toBuffer({ resolveWithObject: true });

// ONNX wants plane after plane, 0..1.
const { width, height } = padded;
const area = width * height;
const planes = Float32Array.from(
  { length: 3 * area },
  (_, i) => data[3 * (i % area) + Math.floor(i / area)]! / 255,
);
const answer = await session.run({ input: new ort.Tensor('float32', planes, [1, 3, height, width]) });
const restored = answer.output!.data as Float32Array;
const bytes = Uint8ClampedArray.from(
  { length: 3 * area },
  (_, i) => 255 * restored[(i % 3) * area + Math.floor(i / 3)]!,
);

await sharp(bytes, { raw: { width, height, channels: 3 } })
  .extract({ left: 0, top: 0, width: info.width, height: info.height })
  .toFile(output);
