import jpegWasm from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm';
import encodeJpeg, { init as initJpeg } from '@jsquash/jpeg/encode.js';
import webpWasm from '@jsquash/webp/codec/enc/webp_enc_simd.wasm';
import encodeWebp, { init as initWebp } from '@jsquash/webp/encode.js';
import type { Raster } from '@pellucid/core';
import { encodePng } from './png-encode.ts';
import type { ImageFormat } from './sniff.ts';

/** High enough that a second compression costs less than restoration gained. */
const QUALITY = 90;

let jpegReady: Promise<unknown> | undefined;
let webpReady: Promise<unknown> | undefined;

/**
 * Encodes a picture: PNG without loss and at its own depth, JPEG and WebP at quality 90 and 8 bits.
 * JPEG has no alpha, so what is transparent is laid on white.
 */
export async function encode(raster: Raster, format: ImageFormat): Promise<Uint8Array<ArrayBuffer>> {
  switch (format) {
    case 'png':
      return encodePng(raster);
    case 'jpeg':
      jpegReady ??= initJpeg(jpegWasm);
      await jpegReady;
      return new Uint8Array(
        await encodeJpeg(onWhite(rgba(raster)), { quality: QUALITY, progressive: false }),
      );
    case 'webp':
      webpReady ??= initWebp(webpWasm);
      await webpReady;
      return new Uint8Array(await encodeWebp(rgba(raster), { quality: QUALITY, method: 1 }));
  }
}

/** The picture as the 8-bit RGBA that the codecs take. */
function rgba(raster: Raster): ImageData {
  const { width, height, channels, data } = raster;
  const scale = data instanceof Uint16Array ? 255 / 65535 : 1;
  const out = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; to < out.length; from += channels, to += 4) {
    out[to] = data[from]! * scale;
    out[to + 1] = data[from + 1]! * scale;
    out[to + 2] = data[from + 2]! * scale;
    out[to + 3] = channels === 4 ? data[from + 3]! * scale : 255;
  }
  return { width, height, data: out, colorSpace: 'srgb' };
}

function onWhite(image: ImageData): ImageData {
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]! / 255;
    for (let c = 0; c < 3; c++) data[i + c] = 255 + (data[i + c]! - 255) * alpha;
    data[i + 3] = 255;
  }
  return image;
}
