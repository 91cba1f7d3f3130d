import type { Raster } from '@pellucid/core';
import { join } from '../bytes.ts';
import { PNG_SIGNATURE, pngChunk } from './png-chunks.ts';

const FILTER_UP = 2;

/**
 * Encodes RGB or RGBA of 8 or 16 bits as a PNG, each row as its difference to the one above.
 *
 * @param grey whether to keep one colour of the three, which are equal
 */
export async function encodePng(raster: Raster, grey = false): Promise<Uint8Array<ArrayBuffer>> {
  const ihdr = new Uint8Array(13);
  const view = new DataView(ihdr.buffer);
  view.setUint32(0, raster.width);
  view.setUint32(4, raster.height);
  ihdr[8] = raster.data instanceof Uint16Array ? 16 : 8;
  ihdr[9] = (grey ? 0 : 2) + (raster.channels === 4 ? 4 : 0);
  const parts: Uint8Array[] = [PNG_SIGNATURE, pngChunk('IHDR', ihdr)];
  // As they come, so that the file is in memory twice and no more.
  const compressed = filteredRows(raster, grey).pipeThrough(new CompressionStream('deflate'));
  for await (const part of compressed) parts.push(pngChunk('IDAT', part));
  parts.push(pngChunk('IEND', new Uint8Array(0)));
  return join(parts);
}

/** Streams the rows in blocks of about 64 KB, each row behind its filter byte. */
function filteredRows(raster: Raster, grey: boolean): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { width, height, channels, data } = raster;
  const stride = width * channels;
  const words = data instanceof Uint16Array;
  // Of a grey pixel, the first colour and any alpha: from pixel to pixel, and from the one to the other.
  const step = grey ? channels : 1;
  const kept = grey && channels === 4 ? [0, 3] : [0];
  const rowBytes = 1 + (stride / step) * kept.length * (words ? 2 : 1);
  const rowsABlock = Math.max(1, Math.floor(65536 / rowBytes));
  const nothing = new Uint8Array(stride);
  let y = 0;
  return new ReadableStream({
    pull(controller) {
      if (y >= height) return controller.close();
      const rows = Math.min(rowsABlock, height - y);
      const block = new Uint8Array(rows * rowBytes);
      for (let to = 0; to < block.length; y++) {
        block[to++] = FILTER_UP;
        const start = y * stride;
        const above = y > 0 ? data.subarray(start - stride, start) : nothing;
        const row = data.subarray(start, start + stride);
        if (step === 1 && !words) {
          for (let i = 0; i < stride; i++) block[to++] = row[i]! - above[i]!;
          continue;
        }
        for (let pixel = 0; pixel < stride; pixel += step) {
          for (const k of kept) {
            const value = row[pixel + k]!;
            const up = above[pixel + k]!;
            if (words) block[to++] = (value >> 8) - (up >> 8);
            block[to++] = value - up;
          }
        }
      }
      controller.enqueue(block);
    },
  });
}
