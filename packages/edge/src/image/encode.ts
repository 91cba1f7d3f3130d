import jpegFactory from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import jpegModule from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm';
import { defaultOptions as jpegDefaults } from '@jsquash/jpeg/meta.js';
import webpFactory from '@jsquash/webp/codec/enc/webp_enc_simd.js';
import webpModule from '@jsquash/webp/codec/enc/webp_enc_simd.wasm';
import { defaultOptions as webpDefaults } from '@jsquash/webp/meta.js';
import type { Raster } from '@pellucid/core';
import { Codec } from './codec.ts';
import type { ImageFormat } from './header.ts';
import type { Picture } from './picture.ts';
import { encodePng } from './png-encode.ts';
import { embedProfile } from './profile.ts';

interface Encoder {
  encode(
    rgba: Uint8ClampedArray,
    width: number,
    height: number,
    options: object,
  ): Uint8Array<ArrayBuffer> | null;
}

export const jpegEncoder = new Codec<Encoder>(jpegFactory, jpegModule);
export const webpEncoder = new Codec<Encoder>(webpFactory, webpModule);

/** mozjpeg's numbers for what it stores. */
const GREY = 1;
const YCBCR = 3;

export interface EncodeOptions {
  /** 1 to 100, for JPEG and WebP; high enough that a second compression costs less than restoration gained. */
  quality: number;
  /** Whether a JPEG stores colour at half the resolution: right where the image came so. */
  subsampled?: boolean;
}

/**
 * Encodes a picture with its profile: PNG without loss and at its own depth, JPEG and WebP at 8 bits. Grey pictures make
 * grey PNGs and JPEGs; WebP knows no grey, so a grey profile is left out there. JPEG has no alpha, so what is transparent
 * is laid on white.
 */
export async function encode(
  picture: Picture,
  format: ImageFormat,
  options: EncodeOptions = { quality: 90 },
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await encoded(picture, format, options);
  const { grey, profile } = picture;
  return profile && !(grey && format === 'webp') ? embedProfile(file, format, profile) : file;
}

async function encoded(
  picture: Picture,
  format: ImageFormat,
  { quality, subsampled = false }: EncodeOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (format) {
    case 'png':
      return encodePng(picture, picture.grey);
    case 'jpeg':
      return encodeBy(jpegEncoder, rgba(picture, true), picture, {
        ...jpegDefaults,
        quality,
        // Progressive files are 3 % smaller and take three times as long.
        progressive: false,
        color_space: picture.grey ? GREY : YCBCR,
        ...(subsampled && { auto_subsample: false, chroma_subsample: 2 }),
      });
    case 'webp':
      // At method 0 alpha takes 41 MB of the encoder's memory for a megapixel, and 50 at method 1.
      return encodeBy(webpEncoder, rgba(picture, false), picture, {
        ...webpDefaults,
        quality,
        method: picture.channels === 4 ? 0 : 1,
      });
  }
}

async function encodeBy(
  codec: Codec<Encoder>,
  pixels: Uint8ClampedArray,
  { width, height }: Raster,
  options: object,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await codec.use((encoder) => encoder.encode(pixels, width, height, options));
  if (!file) throw new Error(`the encoder refused ${width} x ${height} pixels`);
  return file;
}

/**
 * The picture as the 8-bit RGBA that the codecs take; the raster's own memory where it is that already.
 *
 * @param onWhite whether alpha is to be gone, and what is transparent laid on white
 */
function rgba({ width, height, channels, data }: Raster, onWhite: boolean): Uint8ClampedArray {
  const words = data instanceof Uint16Array;
  if (channels === 4 && !words && !onWhite) {
    return new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  }
  const out = new Uint8ClampedArray(width * height * 4);
  if (channels === 3 && !words) {
    // What most photographs are, in less than half the time.
    for (let from = 0, to = 0; to < out.length; from += 3, to += 4) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
      out[to + 3] = 255;
    }
    return out;
  }
  const scale = words ? 255 / 65535 : 1;
  for (let from = 0, to = 0; to < out.length; from += channels, to += 4) {
    const alpha = channels === 4 ? data[from + 3]! * scale : 255;
    const share = onWhite ? alpha / 255 : 1;
    for (let c = 0; c < 3; c++) out[to + c] = 255 + (data[from + c]! * scale - 255) * share;
    out[to + 3] = onWhite ? 255 : alpha;
  }
  return out;
}
