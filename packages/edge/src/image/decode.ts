import jpegFactory from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import jpegModule from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import webpFactory from '@jsquash/webp/codec/dec/webp_dec.js';
import webpModule from '@jsquash/webp/codec/dec/webp_dec.wasm';
import type { Raster } from '@pellucid/core';
import { Codec } from './codec.ts';
import { corrupt } from './corrupt.ts';
import type { ImageHeader } from './header.ts';
import { orient } from './orient.ts';
import type { Picture } from './picture.ts';
import { decodePng } from './png-decode.ts';
import { readProfile } from './profile.ts';

export const jpegDecoder = new Codec<{ decode(bytes: Uint8Array, orient: boolean): ImageData | null }>(
  jpegFactory,
  jpegModule,
);
export const webpDecoder = new Codec<{ decode(bytes: Uint8Array): ImageData | null }>(
  webpFactory,
  webpModule,
);

/**
 * Decodes an admitted image to an upright picture: RGB, or RGBA where it has alpha, with its colour profile.
 *
 * @throws image-corrupt
 */
export async function decode(bytes: Uint8Array, header: ImageHeader): Promise<Picture> {
  const raster = await stored(bytes, header);
  if (raster.width !== header.width || raster.height !== header.height) {
    throw corrupt('the pixels do not have the size the header gives');
  }
  const profile = await readProfile(header);
  return {
    ...orient(raster, header.orientation),
    ...(header.grey && { grey: true }),
    ...(profile && { profile }),
  };
}

async function stored(bytes: Uint8Array, header: ImageHeader): Promise<Raster> {
  switch (header.format) {
    case 'png':
      return decodePng(bytes);
    case 'jpeg':
      return decodeBy(jpegDecoder, (codec) => codec.decode(bytes, false), header);
    case 'webp':
      return decodeBy(webpDecoder, (codec) => codec.decode(bytes), header);
  }
}

async function decodeBy<M>(
  codec: Codec<M>,
  run: (codec: M) => ImageData | null,
  { format, alpha }: ImageHeader,
): Promise<Raster> {
  let warnings: string[] = [];
  try {
    const image = await codec.use((instance, complaints) => {
      warnings = complaints;
      return run(instance);
    });
    // A warning is the only sign of pixels that the decoder made up.
    if (!image || warnings.length > 0) throw new Error('the decoder gave up, or went on after a warning');
    return { width: image.width, height: image.height, ...channelsOf(image.data, alpha) };
  } catch (thrown) {
    const cause = `${thrown instanceof Error ? thrown : typeof thrown}: ${warnings.join('; ')}`;
    throw corrupt(`the ${format.toUpperCase()} is incomplete or damaged`, cause);
  }
}

/** The codecs always give RGBA. An image without alpha keeps three channels of it, in the same memory. */
function channelsOf(rgba: Uint8ClampedArray, alpha: boolean): Pick<Raster, 'channels' | 'data'> {
  const bytes = new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.length);
  if (alpha) return { channels: 4, data: bytes };
  let to = 0;
  for (let from = 0; from < bytes.length; from += 4) {
    bytes[to++] = bytes[from]!;
    bytes[to++] = bytes[from + 1]!;
    bytes[to++] = bytes[from + 2]!;
  }
  return { channels: 3, data: bytes.subarray(0, to) };
}
