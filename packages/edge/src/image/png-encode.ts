import type { Raster } from '@pellucid/core';
import { PNG_SIGNATURE, pngChunk } from './png-chunks.ts';

const FILTER_UP = 2;

/** Encodes RGB or RGBA of 8 or 16 bits as a PNG, each row as its difference to the one above. */
export async function encodePng(raster: Raster): Promise<Uint8Array<ArrayBuffer>> {
  const ihdr = new Uint8Array(13);
  const view = new DataView(ihdr.buffer);
  view.setUint32(0, raster.width);
  view.setUint32(4, raster.height);
  ihdr[8] = raster.data instanceof Uint16Array ? 16 : 8;
  ihdr[9] = raster.channels === 4 ? 6 : 2;
  const compressed = filteredRows(raster).pipeThrough(new CompressionStream('deflate'));
  const idat = await new Response(compressed).bytes();
  const parts = [
    PNG_SIGNATURE,
    pngChunk('IHDR', ihdr),
    pngChunk('IDAT', idat),
    pngChunk('IEND', new Uint8Array(0)),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Streams the rows in blocks of about 64 KB, each row behind its filter byte. */
function filteredRows(raster: Raster): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { height, data } = raster;
  const stride = raster.width * raster.channels;
  const words = data instanceof Uint16Array;
  const rowBytes = 1 + stride * (words ? 2 : 1);
  const rowsABlock = Math.max(1, Math.floor(65536 / rowBytes));
  let y = 0;
  return new ReadableStream({
    pull(controller) {
      if (y >= height) return controller.close();
      const rows = Math.min(rowsABlock, height - y);
      const block = new Uint8Array(rows * rowBytes);
      for (let to = 0; to < block.length; y++) {
        block[to++] = FILTER_UP;
        for (let i = y * stride, end = i + stride; i < end; i++) {
          const value = data[i]!;
          const up = y > 0 ? data[i - stride]! : 0;
          if (words) block[to++] = (value >> 8) - (up >> 8);
          block[to++] = value - up;
        }
      }
      controller.enqueue(block);
    },
  });
}
