import jpegWasm from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import decodeJpegPixels, { init as initJpeg } from '@jsquash/jpeg/decode.js';
import webpWasm from '@jsquash/webp/codec/dec/webp_dec.wasm';
import decodeWebpPixels, { init as initWebp } from '@jsquash/webp/decode.js';
import type { Raster } from '@pellucid/core';
import { corrupt } from './corrupt.ts';
import { orient } from './orient.ts';
import { decodePng } from './png-decode.ts';
import type { ImageHeader } from './sniff.ts';

/**
 * Decodes an admitted image to upright RGB, or RGBA where it has alpha.
 *
 * @throws image-corrupt
 */
export async function decode(bytes: Uint8Array, header: ImageHeader): Promise<Raster> {
  const raster = await stored(bytes, header);
  if (raster.width !== header.width || raster.height !== header.height) {
    throw corrupt('the pixels do not have the size the header gives');
  }
  return orient(raster, header.orientation);
}

async function stored(bytes: Uint8Array, header: ImageHeader): Promise<Raster> {
  switch (header.format) {
    case 'png':
      return decodePng(bytes);
    case 'jpeg':
      return jpeg.decode(bytes, header);
    case 'webp':
      return webp.decode(bytes, header);
  }
}

/** The codecs' `init` as it is; its published type leaves out the first argument. */
type Init = (module: WebAssembly.Module, options: { printErr(line: string): void }) => Promise<unknown>;

/**
 * A decoder compiled from C. It is set up again after every failure, because the failure leaves its memory as it was:
 * the JPEG one never returns once some seventy damaged images have gone through it.
 */
class WasmDecoder {
  readonly #module: WebAssembly.Module;
  readonly #init: Init;
  readonly #pixels: (bytes: ArrayBuffer) => Promise<ImageData>;
  /** What the library printed on the current image. Its warnings are the only sign of pixels it made up. */
  readonly #complaints: string[] = [];
  #ready = false;

  constructor(module: WebAssembly.Module, init: Init, pixels: (bytes: ArrayBuffer) => Promise<ImageData>) {
    this.#module = module;
    this.#init = init;
    this.#pixels = pixels;
  }

  async decode(bytes: Uint8Array, header: ImageHeader): Promise<Raster> {
    this.#complaints.length = 0;
    try {
      if (!this.#ready) await this.#init(this.#module, { printErr: (line) => this.#complaints.push(line) });
      this.#ready = true;
      // Any view of bytes will do, although the published type asks for a whole buffer.
      const image = await this.#pixels(bytes as unknown as ArrayBuffer);
      if (this.#complaints.length > 0) throw new Error('the decoder went on after a warning');
      return { width: image.width, height: image.height, ...channelsOf(image.data, header.alpha) };
    } catch (thrown) {
      this.#ready = false;
      const cause = `${thrown instanceof Error ? thrown : typeof thrown}: ${this.#complaints.join('; ')}`;
      throw corrupt(`the ${header.format.toUpperCase()} is incomplete or damaged`, cause);
    }
  }
}

const jpeg = new WasmDecoder(jpegWasm, initJpeg as Init, decodeJpegPixels);
const webp = new WasmDecoder(webpWasm, initWebp as Init, decodeWebpPixels);

/** The codecs always give RGBA; an image without alpha keeps three channels of it. */
function channelsOf(rgba: Uint8ClampedArray, alpha: boolean): Pick<Raster, 'channels' | 'data'> {
  if (alpha) return { channels: 4, data: rgba };
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from]!;
    rgb[to++] = rgba[from + 1]!;
    rgb[to++] = rgba[from + 2]!;
  }
  return { channels: 3, data: rgb };
}
