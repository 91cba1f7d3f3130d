import type { Random } from '@pellucid/core';
import sharp from 'sharp';
import { type Bytes, picture, pipe } from '../files.ts';

/** A good file, and where its parts begin: chunks of a PNG or WebP, segments of a JPEG. */
export interface Seed {
  name: string;
  bytes: Bytes;
  parts: number[];
}

/** Good files of every kind that is read, and of some that are refused. */
export async function seeds(): Promise<Seed[]> {
  const from = (channels: 3 | 4) => pipe(picture(60, 45, channels));
  const frames = sharp(new Uint8Array(20 * 40 * 3).fill(99), {
    raw: { width: 20, height: 40, channels: 3, pageHeight: 20 },
  });
  const files: Record<string, Uint8Array> = {
    png: await from(3).png().toBuffer(),
    'png with alpha': await from(4).png().toBuffer(),
    'png with palette': await from(3).png({ palette: true, colours: 16 }).toBuffer(),
    'png, grey': await from(3).greyscale().png().toBuffer(),
    'png, interlaced': await from(4).png({ progressive: true }).toBuffer(),
    'png, 16 bits': await from(3).toColourspace('rgb16').png().toBuffer(),
    jpeg: await from(3).jpeg().toBuffer(),
    'jpeg, progressive': await from(3).jpeg({ progressive: true }).toBuffer(),
    'jpeg, grey': await from(3).greyscale().jpeg().toBuffer(),
    'jpeg, 4:4:4': await from(3).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    'jpeg, turned': await from(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'jpeg, cmyk': await from(3).toColourspace('cmyk').jpeg().toBuffer(),
    webp: await from(4).webp().toBuffer(),
    'webp, lossless': await from(3).webp({ lossless: true }).toBuffer(),
    'webp, extended': await from(3).withMetadata({ orientation: 3 }).webp().toBuffer(),
    'webp, animated': await frames.webp().toBuffer(),
  };
  return Object.entries(files).map(([name, file]) => {
    const bytes = Uint8Array.from(file);
    return { name, bytes, parts: partsOf(bytes) };
  });
}

function partsOf(bytes: Bytes): number[] {
  const view = new DataView(bytes.buffer);
  const parts: number[] = [];
  if (bytes[0] === 0x89)
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) parts.push(at);
  else if (bytes[0] === 0x52)
    for (let at = 12; at + 8 <= bytes.length; ) {
      parts.push(at);
      const length = view.getUint32(at + 4, true);
      at += 8 + length + (length & 1);
    }
  else {
    for (let at = 0; at + 1 < bytes.length; at++) {
      const marker = bytes[at + 1]!;
      if (bytes[at] === 0xff && marker !== 0 && marker !== 0xff && !(marker >= 0xd0 && marker <= 0xd7))
        parts.push(at);
    }
  }
  return [...parts, bytes.length];
}

/** Bytes of no meaning. */
export function noise(length: number, random: Random): Bytes {
  return Uint8Array.from({ length }, () => random.integer(256));
}
