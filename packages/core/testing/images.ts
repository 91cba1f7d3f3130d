import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Raster } from '../src/raster.ts';

/** Where tests look for photographs; relative to the repository root. */
export const photographs = (folder: string): string =>
  join(process.env.PELLUCID_DATA ?? '../shared/data', folder);

/** An image file as RGB bytes; bitmaps of 24 bits too, which sharp does not read. */
export async function readPicture(path: string): Promise<Raster> {
  if (path.toLowerCase().endsWith('.bmp')) return readBitmap(path);
  const { data, info } = await sharp(path)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: new Uint8Array(data) };
}

/** Rows from the bottom up, padded to four bytes, blue first. */
function readBitmap(path: string): Raster {
  const bytes = readFileSync(path);
  const start = bytes.readUInt32LE(10);
  const width = bytes.readInt32LE(18);
  const height = bytes.readInt32LE(22);
  const stride = Math.ceil((width * 3) / 4) * 4;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = bytes[start + (height - 1 - y) * stride + x * 3 + 2 - (i % 3)]!;
  }
  return { width, height, channels: 3, data };
}

/** 80x64 grey pixels from the congruential generator of ISO C, seed 12345: a picture that needs no file. */
export function congruentialPicture(): Raster {
  const [width, height] = [80, 64];
  const data = new Uint8Array(width * height * 3);
  let state = 12345;
  for (let i = 0; i < data.length; i += 3) {
    state = (Math.imul(1103515245, state) + 12345) & 0x7fffffff;
    data.fill((state >> 16) & 255, i, i + 3);
  }
  return { width, height, channels: 3, data };
}
