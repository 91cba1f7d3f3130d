/** Pictures and files for the tests, made rather than stored: each test shows what is special about its input. */
import jpegDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import jpegEncoder from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm';
import decodeJpeg, { init as initJpegDecoder } from '@jsquash/jpeg/decode.js';
import encodeJpeg, { init as initJpegEncoder } from '@jsquash/jpeg/encode.js';
import webpEncoder from '@jsquash/webp/codec/enc/webp_enc_simd.wasm';
import encodeWebp, { init as initWebpEncoder } from '@jsquash/webp/encode.js';
import { Random, type Raster } from '@pellucid/core';
import { createApp, type Isolate } from './app.ts';
import { join } from './bytes.ts';
import type { Env } from './config.ts';
import { decode } from './image/decode.ts';
import type { Picture } from './image/picture.ts';
import { PNG_SIGNATURE, pngChunk } from './image/png-chunks.ts';
import { sniff } from './image/sniff.ts';
import type { Served, Studio } from './restoration.ts';

/** A restorer that gives back what it gets, so that a test sees what the service itself does to a picture. */
export const identity: Studio['restorerFor'] = async () => ({
  model: { name: 'test/identity' },
  enlargement: 1,
  restore: async (image) => ({ ...image, data: image.data.slice() }),
  tiles: () => 1,
  macs: () => 0,
});

export const context = { waitUntil() {}, passThroughOnException() {}, props: {} };

/** An environment in which every request is worked for. */
export const NO_CACHE: Env = { CACHE_SECONDS: 0 };

/** Sends a request to an app of the test's own. */
export async function request(
  isolate: Isolate,
  path: string,
  init?: RequestInit,
  env: Env = NO_CACHE,
): Promise<Response> {
  return createApp(isolate).fetch(new Request(`http://edge${path}`, init), env, context);
}

/** Sends an image to an app around a studio of the test's own. */
export const post = (
  body: BodyInit,
  query = '',
  init: RequestInit = {},
  studio: Studio = { restorerFor: identity },
) => request(studio, `/v1/restore?task=denoise${query}`, { method: 'POST', body, ...init });

export const read = async (response: Response): Promise<Picture> => {
  const bytes = await response.bytes();
  return decode(bytes, sniff(bytes));
};

export const served = (part: Partial<Served>): Studio => ({
  restorerFor: async (task) => ({ ...(await identity(task)), ...part }),
});

/** A smooth picture with a little noise: photographs look like this to a codec, and no symmetry hides a wrong turn. */
export function picture(width: number, height: number, channels: 3 | 4 = 3, seed = 1): Raster {
  const random = new Random(seed);
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const x = (pixel % width) / width;
    const y = Math.floor(pixel / width) / height;
    const wave = [x, y * y, (x + y) / 2, 1 - x * y][i % channels]!;
    data[i] = 20 + 200 * wave + random.integer(12);
  }
  return { width, height, channels, data };
}

/** The codecs by their own wrappers, for files that the service does not make and pictures to compare with. */
export const library = {
  async encodeJpeg(image: ImageData, options: Parameters<typeof encodeJpeg>[1]): Promise<Bytes> {
    await initJpegEncoder(jpegEncoder);
    return new Uint8Array(await encodeJpeg(image, options));
  },
  async decodeJpeg(file: Bytes, options: Parameters<typeof decodeJpeg>[1]): Promise<ImageData> {
    await (initJpegDecoder as (module: WebAssembly.Module) => Promise<void>)(jpegDecoder);
    return decodeJpeg(file.buffer, options);
  },
  async encodeWebp(image: ImageData, options: Parameters<typeof encodeWebp>[1]): Promise<Bytes> {
    await initWebpEncoder(webpEncoder);
    return new Uint8Array(await encodeWebp(image, options));
  },
};

/** A file of PNG chunks. `idat` is what is to be compressed: rows, each behind its filter byte. */
export async function pngFile(
  ihdr: PngHeader,
  idat: Uint8Array,
  extra: [string, Uint8Array][] = [],
): Promise<Bytes> {
  const compressed = new Response(idat as Bytes).body!.pipeThrough(new CompressionStream('deflate'));
  return pngOf(ihdr, await new Response(compressed).bytes(), extra);
}

/** The same with data that is compressed already, or damaged. */
export function pngOf(ihdr: PngHeader, compressed: Uint8Array, extra: [string, Uint8Array][] = []): Bytes {
  return join([
    PNG_SIGNATURE,
    pngChunk('IHDR', ihdrBytes(ihdr)),
    ...extra.map(([type, data]) => pngChunk(type, data)),
    pngChunk('IDAT', compressed),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

export interface PngHeader {
  width: number;
  height: number;
  bitDepth: number;
  colourType: number;
  interlaced?: boolean;
}

type Bytes = Uint8Array<ArrayBuffer>;

function ihdrBytes({ width, height, bitDepth, colourType, interlaced = false }: PngHeader): Uint8Array {
  const bytes = new Uint8Array(13);
  new DataView(bytes.buffer).setUint32(0, width);
  new DataView(bytes.buffer).setUint32(4, height);
  bytes.set([bitDepth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  return bytes;
}

/** EXIF that holds an orientation and nothing else, in either byte order. */
export function exif(orientation: number, little = true): Bytes {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, 0x0112, little);
  view.setUint16(12, 3, little);
  view.setUint32(14, 1, little);
  view.setUint16(18, orientation, little);
  return bytes;
}

/** A JPEG with EXIF put behind its first marker. */
export function jpegWithExif(jpeg: Uint8Array, orientation: number, little = true): Bytes {
  const block = exif(orientation, little);
  const length = 2 + 6 + block.length;
  const head = Uint8Array.of(0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0);
  return join([jpeg.subarray(0, 2), head, block, jpeg.subarray(2)]);
}

/** An ICC profile as far as its header, which is what is looked at, and noise behind it. */
export function rgbProfile(length = 700): Bytes {
  const random = new Random(length);
  const profile = Uint8Array.from({ length }, () => random.integer(256)) as Bytes;
  new DataView(profile.buffer).setUint32(0, length);
  profile.set(new TextEncoder().encode('RGB XYZ '), 16);
  profile.set(new TextEncoder().encode('acsp'), 36);
  return profile;
}

/** A JPEG with what may be an ICC profile behind its first marker, in one piece that claims its number. */
export function jpegWithProfile(jpeg: Uint8Array, profile: Uint8Array, number = 1, of = 1): Bytes {
  const piece = profile.subarray(0, 65000);
  const length = 2 + 14 + piece.length;
  const head = Uint8Array.of(0xff, 0xe2, length >> 8, length & 255);
  const name = new TextEncoder().encode('ICC_PROFILE\0');
  return join([jpeg.subarray(0, 2), head, name, Uint8Array.of(number, of), piece, jpeg.subarray(2)]);
}

/** A WebP of the extended kind: flags and canvas size before the chunks of a simple one, others behind. */
export function extendedWebp(
  webp: Uint8Array,
  header: { width: number; height: number; flags?: number },
  extra: [string, Uint8Array][] = [],
): Bytes {
  const vp8x = new Uint8Array(10);
  const view = new DataView(vp8x.buffer);
  vp8x[0] = header.flags ?? 0;
  view.setUint32(4, header.width - 1, true);
  view.setUint16(7, (header.height - 1) & 0xffff, true);
  vp8x[9] = (header.height - 1) >> 16;
  const chunks = [
    riffChunk('VP8X', vp8x),
    webp.subarray(12),
    ...extra.map(([type, data]) => riffChunk(type, data)),
  ];
  const body = join(chunks);
  const riff = new Uint8Array(12);
  riff.set(webp.subarray(0, 4));
  new DataView(riff.buffer).setUint32(4, body.length + 4, true);
  riff.set(webp.subarray(8, 12), 8);
  return join([riff, body]);
}

function riffChunk(type: string, data: Uint8Array): Bytes {
  const chunk = new Uint8Array(8 + data.length + (data.length & 1));
  for (let i = 0; i < 4; i++) chunk[i] = type.charCodeAt(i);
  new DataView(chunk.buffer).setUint32(4, data.length, true);
  chunk.set(data, 8);
  return chunk;
}

/** The header of a JPEG that claims what it is told, with `scans` scans of no data. */
export function jpegHeader(frame: {
  marker?: number;
  precision?: number;
  width?: number;
  height?: number;
  components?: number;
  scans?: number;
}): Bytes {
  const { marker = 0xc0, precision = 8, width = 8, height = 8, components = 3, scans = 1 } = frame;
  const fields = [precision, height >> 8, height & 255, width >> 8, width & 255, components];
  const parts = Array.from({ length: components }, (_, i) => [i + 1, 0x11, 0]).flat();
  const sof = [0xff, marker, 0, 2 + fields.length + parts.length, ...fields, ...parts];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return Uint8Array.from([
    0xff,
    0xd8,
    ...sof,
    ...Array.from({ length: scans }, () => scan).flat(),
    0xff,
    0xd9,
  ]);
}
