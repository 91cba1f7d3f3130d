import {
  buildNetwork,
  initialWeights,
  type NetworkConfig,
  Random,
  type Raster,
  Restorer,
} from '@pellucid/core';
import { wasmMemory } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { DEFAULTS } from './config.ts';
import { restorerFor, TILE_MEMORY } from './engine.ts';
import { decode, jpegDecoder, webpDecoder } from './image/decode.ts';
import { encode, jpegEncoder, webpEncoder } from './image/encode.ts';
import { sniff } from './image/sniff.ts';
import { modelSummaries, TASKS } from './models.ts';
import { library } from './testing.ts';

// The memory model of MEMORY.md, with the heaviest images that the limits admit: noise, which nothing compresses.

const MIB = 2 ** 20;
const BUDGET = 100 * MIB;
/** JavaScript's own heap and the script, which `scripts/heap.ts` measures; and the weights in the bundle. */
const RUNTIME = 12 * MIB + modelSummaries().reduce((sum, { file_bytes }) => sum + file_bytes, 0);
const SIDE = Math.sqrt(DEFAULTS.MAX_PIXELS);
const PIXELS = DEFAULTS.MAX_PIXELS;
/** What deconvolution works with, which `core/deconvolution` tests. */
const DECONVOLUTION = 24 * MIB;

function noise(channels: 3 | 4, words = false): Raster {
  const data = words ? new Uint16Array(SIDE * SIDE * channels) : new Uint8Array(SIDE * SIDE * channels);
  for (let at = 0; at < data.byteLength; at += 65536) {
    crypto.getRandomValues(new Uint8Array(data.buffer, at, Math.min(65536, data.byteLength - at)));
  }
  return { width: SIDE, height: SIDE, channels, data };
}

/** Sizes whose strips are the largest that fit, each as what comes out. */
async function restoreLargest(restorer: Restorer): Promise<void> {
  for (const size of [
    [SIDE, SIDE],
    [396, 756],
    [507, 756],
    [4096, 256],
    [256, 4096],
  ]) {
    const [width, height] = size.map((length) => Math.floor(length / restorer.enlargement)) as [
      number,
      number,
    ];
    await restorer.restore({ width, height, channels: 3, data: new Uint8Array(width * height * 3) });
  }
}

const engine = { bytes: 0 };
/** What each codec's instance took for the largest image; the PNG's are streams that hold a few rows. */
const decoders = { png: 0, jpeg: 0, 'progressive jpeg': 0, webp: 0 };
const encoders = { png: 0, jpeg: 0, webp: 0, 'webp with alpha': 0 };
/** The largest files: sent, and answered with. */
const files: Record<string, number> = {};

beforeAll(async () => {
  for (const task of TASKS) await restoreLargest(await restorerFor(task));
  for (const scale of [2, 4] as const) {
    const network: NetworkConfig = { kind: 'edge-sr', scale, width: 32, depth: 5 };
    const graph = buildNetwork(network);
    const model = {
      name: 'enlarging',
      task: 'sr',
      network,
      graph,
      weights: initialWeights(graph, new Random(1)),
    };
    const restorer = new Restorer(model, { memory: TILE_MEMORY });
    await restoreLargest(restorer);
    restorer.dispose();
  }
  engine.bytes = wasmMemory(tf.backend()).buffer.byteLength;

  const opaque = noise(3);
  const alpha = noise(4);
  const data = new Uint8ClampedArray(alpha.data);
  const pixels: ImageData = { width: SIDE, height: SIDE, data, colorSpace: 'srgb' };
  const jpeg = await encode(opaque, 'jpeg', { quality: 100 });
  encoders.jpeg = jpegEncoder.memory;
  await encode(opaque, 'webp', { quality: 100 });
  encoders.webp = webpEncoder.memory;
  await encode(alpha, 'webp', { quality: 100 });
  encoders['webp with alpha'] = webpEncoder.memory;
  const lossless = await library.encodeWebp(pixels, { lossless: 1, method: 0, quality: 0 });
  const progressive = await library.encodeJpeg(pixels, { quality: 50 });
  for (const [kind, file, codec] of [
    ['jpeg', jpeg, jpegDecoder],
    ['progressive jpeg', progressive, jpegDecoder],
    ['webp', lossless, webpDecoder],
  ] as const) {
    await decode(file, sniff(file));
    decoders[kind] = codec.memory;
  }
  files.jpeg = jpeg.length;
  files.webp = lossless.length;
  files.png = (await encode(noise(4, true), 'png')).length;
}, 120_000);

test('the largest images are no larger than a body may be', () => {
  for (const bytes of Object.values(files)) expect(bytes).toBeLessThanOrEqual(DEFAULTS.MAX_BODY_BYTES);
});

test('the engine stays within its share with every model in turn', () => {
  expect(engine.bytes / MIB).toBeLessThan(24);
});

test.each(['png', 'jpeg', 'progressive jpeg', 'webp'] as const)(
  'a %s is decoded within the budget',
  (kind) => {
    // RGBA, which an RGB raster is made of in place; turned upright, there are two for a moment, but no decoder.
    const raster = 4 * PIXELS;
    const peak = RUNTIME + engine.bytes + DEFAULTS.MAX_HELD_BYTES + decoders[kind] + raster;
    expect(peak / MIB).toBeLessThanOrEqual(BUDGET / MIB);
  },
);

test('16 bits with alpha are turned upright and restored within the budget', () => {
  // Two pictures, and the steps that `bleed` counts. Or one of a quarter or less, those steps, what is enlarged of it, and
  // what that is mixed with. Or one, what deconvolution makes of it and with what, and later what the network makes of that.
  const enlarged = ((8 + 2) / 4 + 2 * 8) * PIXELS;
  const deconvolved = Math.max((2 * 8 + 2) * PIXELS + DECONVOLUTION, (3 * 8 + 2) * PIXELS);
  const pictures = Math.max((2 * 8 + 2) * PIXELS, enlarged, deconvolved);
  const peak = RUNTIME + engine.bytes + DEFAULTS.MAX_HELD_BYTES + pictures;
  expect(peak / MIB).toBeLessThanOrEqual(BUDGET / MIB);
});

test.each([
  ['png', 8, 2 * 8],
  ['jpeg', 4, 4],
  ['webp', 3, 4],
  // RGBA of 8 bits is what the encoder takes.
  ['webp with alpha', 4, 0],
] as const)('a %s is encoded within the budget', (kind, raster, beside) => {
  const answer = kind === 'png' ? 0 : Math.max(files.jpeg!, files.webp!);
  // The image's own body is let go of, but not those that wait.
  const bodies = DEFAULTS.MAX_HELD_BYTES;
  const peak = RUNTIME + engine.bytes + bodies + encoders[kind] + (raster + beside) * PIXELS + answer;
  expect(peak / MIB).toBeLessThanOrEqual(BUDGET / MIB);
});
