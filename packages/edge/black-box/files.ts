/** Pictures and the pieces of files, made without the service's own code: what is judged does not judge itself. */
import { crc32 } from 'node:zlib';
import { Random, type Raster } from '@pellucid/core';
import sharp, { type Sharp } from 'sharp';

export type Bytes = Uint8Array<ArrayBuffer>;

/** A smooth picture with a little noise, as bytes. */
export function picture(width: number, height: number, channels: 3 | 4 = 3): Raster & { data: Uint8Array } {
  const random = new Random(1);
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    return 20 + 200 * [x, y * y, (x + y) / 2, 1 - x * y][i % channels]! + random.integer(12);
  });
  return { width, height, channels, data };
}

/** A raster of bytes, to be encoded. */
export function pipe({ width, height, channels, data }: Raster): Sharp {
  return sharp(data as Uint8Array, { raw: { width, height, channels } });
}

export function join(parts: Uint8Array[]): Bytes {
  return Uint8Array.from(Buffer.concat(parts));
}

export function latin(text: string): Bytes {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export interface PngHeader {
  width: number;
  height: number;
  bitDepth: number;
  colourType: number;
}

/** A PNG of a header, further chunks, and data that is compressed already. */
export function png(header: PngHeader, compressed: Uint8Array, extra: [string, Uint8Array][] = []): Bytes {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr.set([header.bitDepth, header.colourType], 8);
  return join([
    latin('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', ihdr),
    ...extra.map(([type, data]) => pngChunk(type, data)),
    pngChunk('IDAT', compressed),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

export function pngChunk(type: string, data: Uint8Array): Bytes {
  const named = join([latin(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(named));
  return join([length, named, checksum]);
}

/** A JPEG of a frame header and of scans of no data. */
export function emptyJpeg({
  width,
  height,
  scans = 1,
}: {
  width: number;
  height: number;
  scans?: number;
}): Bytes {
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const frame = [0xff, 0xc0, 0, 17, 8, ...size, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
  const scan = Uint8Array.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0);
  const parts = Array.from({ length: scans }, () => scan);
  return join([Uint8Array.of(0xff, 0xd8, ...frame), ...parts, Uint8Array.of(0xff, 0xd9)]);
}

/**
 * The same PNG or JPEG as another file: with a comment that nobody reads, so that no cache has seen it. The restored file
 * stays the same.
 */
export function stamped(file: Uint8Array, stamp: string): Bytes {
  const isPng = file[0] === 0x89;
  // Behind the header of a PNG, behind the first marker of a JPEG.
  const at = isPng ? 33 : 2;
  const comment = isPng
    ? pngChunk('tEXt', latin(`Comment\0${stamp}`))
    : join([Uint8Array.of(0xff, 0xfe, 0, stamp.length + 2), latin(stamp)]);
  return join([file.subarray(0, at), comment, file.subarray(at)]);
}
