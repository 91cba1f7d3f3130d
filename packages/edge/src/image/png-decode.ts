import type { Raster } from '@pellucid/core';
import { corrupt } from './corrupt.ts';
import { pngChunks } from './png-chunks.ts';
import { type PngLayout, readIhdr } from './sniff-png.ts';

/** Deflate grows its input at most 1032-fold, and each slice is inflated whole: a bomb gets no further than 17 MB. */
const SLICE_BYTES = 16 * 1024;

/** Where a pass of pixels lands: `x0 + dx * column`, `y0 + dy * row`. */
interface Pass {
  x0: number;
  y0: number;
  dx: number;
  dy: number;
}

const ONE_PASS: Pass[] = [{ x0: 0, y0: 0, dx: 1, dy: 1 }];

/** The seven passes of Adam7 (PNG third edition, section 8.2). */
const ADAM7: Pass[] = [
  { x0: 0, y0: 0, dx: 8, dy: 8 },
  { x0: 4, y0: 0, dx: 8, dy: 8 },
  { x0: 0, y0: 4, dx: 4, dy: 8 },
  { x0: 2, y0: 0, dx: 4, dy: 4 },
  { x0: 0, y0: 2, dx: 2, dy: 4 },
  { x0: 1, y0: 0, dx: 2, dy: 2 },
  { x0: 0, y0: 1, dx: 1, dy: 2 },
];

interface Png extends PngLayout {
  palette?: Uint8Array;
  transparency?: Uint8Array;
  idat: Uint8Array[];
}

/**
 * Decodes a PNG of any colour type, depth and interlacing to RGB or RGBA, 16-bit words where the file has 16 bits.
 *
 * Written here rather than taken from a library because it holds only one row beside the picture, stops at the byte
 * where the compressed data exceeds what the header promised, and leaves nothing behind when it fails.
 *
 * @throws image-corrupt
 */
export async function decodePng(bytes: Uint8Array): Promise<Raster> {
  const png = readChunks(bytes);
  const channels = png.alpha || png.transparency ? 4 : 3;
  const size = png.width * png.height * channels;
  const data = png.bitDepth === 16 ? new Uint16Array(size) : new Uint8Array(size);
  const raster: Raster = { width: png.width, height: png.height, channels, data };
  await fill(scanlines(png, raster), png.idat);
  return raster;
}

function readChunks(bytes: Uint8Array): Png {
  let png: Png | undefined;
  for (const chunk of pngChunks(bytes)) {
    const { type, data } = chunk;
    const critical = type.charCodeAt(0) < 0x60; // an upper-case letter
    if ((critical || type === 'tRNS') && !chunk.intact())
      throw corrupt(`the checksum of a PNG ${type} chunk is wrong`);
    if (!png) png = { ...readIhdr(data), idat: [] };
    else if (type === 'PLTE') png.palette = data;
    else if (type === 'tRNS') png.transparency = data;
    else if (type === 'IDAT') png.idat.push(data);
  }
  if (!png) throw corrupt('the PNG has no header');
  if (png.colourType === 3 && !png.palette) throw corrupt('the PNG has no palette');
  if (png.alpha) delete png.transparency; // forbidden beside an alpha channel
  return png;
}

/** Inflates the data into the rows, one after another, and insists that both end together. */
async function fill(rows: Generator<Uint8Array, void>, idat: Uint8Array[]): Promise<void> {
  const reader = slices(idat).pipeThrough(new DecompressionStream('deflate')).getReader();
  let row = rows.next();
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw corrupt('the compressed pixels of the PNG are damaged', cause);
    });
    if (done) break;
    for (let at = 0; at < value.length; ) {
      if (row.done) {
        await reader.cancel();
        throw corrupt('the PNG holds more pixels than its header says');
      }
      const taken = value.subarray(at, at + row.value.length - filled);
      row.value.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled === row.value.length) {
        row = rows.next();
        filled = 0;
      }
    }
  }
  if (!row.done) throw corrupt('the PNG holds fewer pixels than its header says');
}

function slices(chunks: Uint8Array[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  let chunk = 0;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      while (chunk < chunks.length && at >= chunks[chunk]!.length) {
        chunk += 1;
        at = 0;
      }
      const source = chunks[chunk];
      if (!source) return controller.close();
      controller.enqueue(source.slice(at, at + SLICE_BYTES));
      at += SLICE_BYTES;
    },
  });
}

/** Yields each row's buffer to be filled with a filter byte and its bytes; on resumption places it in the raster. */
function* scanlines(png: Png, raster: Raster): Generator<Uint8Array, void> {
  const pixelBits = png.components * png.bitDepth;
  const stride = Math.max(1, pixelBits >> 3);
  // Most PNGs hold the raster's own bytes.
  const plain = png.bitDepth === 8 && png.components >= 3 && !png.transparency;
  for (const pass of png.interlaced ? ADAM7 : ONE_PASS) {
    const width = Math.ceil((png.width - pass.x0) / pass.dx);
    const height = Math.ceil((png.height - pass.y0) / pass.dy);
    if (width <= 0 || height <= 0) continue;
    const rowBytes = 1 + Math.ceil((width * pixelBits) / 8);
    let row = new Uint8Array(rowBytes);
    let above = new Uint8Array(rowBytes);
    for (let y = 0; y < height; y++) {
      yield row;
      unfilter(row, above, stride);
      const first = (pass.y0 + y * pass.dy) * png.width + pass.x0;
      if (plain && pass.dx === 1) raster.data.set(row.subarray(1), first * raster.channels);
      else place(png, unpack(row.subarray(1), width * png.components, png.bitDepth), raster, first, pass.dx);
      [row, above] = [above, row];
    }
  }
}

/** Undoes a row's filter in place (PNG third edition, section 9.2). Index 0 of both rows is the filter's own byte. */
function unfilter(row: Uint8Array, above: Uint8Array, stride: number): void {
  const end = row.length;
  const first = Math.min(1 + stride, end); // left of these bytes there is nothing
  switch (row[0]) {
    case 0:
      return;
    case 1:
      for (let i = first; i < end; i++) row[i]! += row[i - stride]!;
      return;
    case 2:
      for (let i = 1; i < end; i++) row[i]! += above[i]!;
      return;
    case 3:
      for (let i = 1; i < first; i++) row[i]! += above[i]! >> 1;
      for (let i = first; i < end; i++) row[i]! += (row[i - stride]! + above[i]!) >> 1;
      return;
    case 4:
      for (let i = 1; i < first; i++) row[i]! += above[i]!;
      for (let i = first; i < end; i++) row[i]! += paeth(row[i - stride]!, above[i]!, above[i - stride]!);
      return;
    default:
      throw corrupt('the PNG names a filter that does not exist');
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/** The samples of a row as numbers, whatever their depth. */
function unpack(row: Uint8Array, count: number, bitDepth: number): Uint8Array | Uint16Array {
  if (bitDepth === 8) return row;
  if (bitDepth === 16) {
    const words = new Uint16Array(count);
    for (let i = 0; i < count; i++) words[i] = (row[2 * i]! << 8) | row[2 * i + 1]!;
    return words;
  }
  const mask = (1 << bitDepth) - 1;
  return Uint8Array.from({ length: count }, (_, i) => {
    const bit = i * bitDepth;
    return (row[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & mask;
  });
}

/** Writes a row's pixels as RGB or RGBA, from pixel `first` of the raster onwards in steps of `step`. */
function place(
  png: Png,
  samples: Uint8Array | Uint16Array,
  raster: Raster,
  first: number,
  step: number,
): void {
  const { components, colourType, bitDepth, palette, transparency } = png;
  const { data, channels } = raster;
  const white = bitDepth === 16 ? 65535 : 255;
  const scale = colourType !== 3 && bitDepth < 8 ? 255 / ((1 << bitDepth) - 1) : 1;
  const pixels = Math.floor(samples.length / components);
  for (
    let i = 0, from = 0, to = first * channels;
    i < pixels;
    i++, from += components, to += step * channels
  ) {
    if (colourType === 3) {
      const entry = samples[from]! * 3;
      if (entry + 3 > palette!.length) throw corrupt('the PNG names a colour outside its palette');
      for (let c = 0; c < 3; c++) data[to + c] = palette![entry + c]!;
      if (transparency) data[to + 3] = transparency[samples[from]!] ?? 255;
      continue;
    }
    const grey = components < 3;
    for (let c = 0; c < 3; c++) data[to + c] = samples[from + (grey ? 0 : c)]! * scale;
    if (transparency) data[to + 3] = isKey(samples, from, components, transparency) ? 0 : white;
    else if (channels === 4) data[to + 3] = samples[from + components - 1]!;
  }
}

/** Whether a pixel is the one colour that tRNS makes transparent, compared at the stored depth. */
function isKey(
  samples: Uint8Array | Uint16Array,
  from: number,
  components: number,
  key: Uint8Array,
): boolean {
  for (let c = 0; c < components; c++) {
    if (samples[from + c] !== ((key[2 * c]! << 8) | key[2 * c + 1]!)) return false;
  }
  return true;
}
