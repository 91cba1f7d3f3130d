import { join } from '../bytes.ts';
import type { ImageFormat, ImageHeader } from './header.ts';
import { pngChunk } from './png-chunks.ts';

/** Display profiles have a few kilobytes; a table for a printer, which no photograph for the web carries, has a megabyte. */
const MOST_BYTES = 256 * 1024;

const HEADER_BYTES = 128;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The ICC profile that says what an image's colours mean, or undefined where it has none, or one that does not fit the
 * image. Like all metadata it never fails a photograph: what is odd is left out.
 */
export async function readProfile({ profile: stored, grey }: ImageHeader): Promise<Bytes | undefined> {
  if (!stored) return undefined;
  const parts = [...stored.parts];
  if (parts.some((part) => part === undefined)) return undefined;
  if (parts.reduce((sum, { length }) => sum + length, 0) > MOST_BYTES) return undefined;
  const profile = stored.deflated ? await inflate(parts[0]!) : join(parts);
  if (!profile || profile.length < HEADER_BYTES) return undefined;
  // ICC.1, section 7.2: the size at 0, the colour space at 16, a signature at 36.
  const view = new DataView(profile.buffer);
  const text = (at: number) => String.fromCharCode(...profile.subarray(at, at + 4));
  const fits = view.getUint32(0) === profile.length && text(36) === 'acsp';
  return fits && text(16) === (grey ? 'GRAY' : 'RGB ') ? profile : undefined;
}

/** Stops, with undefined, where a profile is damaged or grows beyond what profiles have. */
async function inflate(data: Uint8Array): Promise<Bytes | undefined> {
  const stream = new Blob([data as Bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      size += part.length;
      if (size > MOST_BYTES) return undefined;
      parts.push(part);
    }
  } catch {
    return undefined;
  }
  return join(parts);
}

/**
 * Puts a profile into a file that one of the encoders made and that has none.
 *
 * @param file as pieces that make it up in order; a PNG's first is its signature and header
 */
export async function embedProfile(file: Bytes, format: ImageFormat, profile: Bytes): Promise<Bytes> {
  switch (format) {
    case 'png':
      return embedInPng(file, profile);
    case 'jpeg':
      return embedInJpeg(file, profile);
    case 'webp':
      return embedInWebp(file, profile);
  }
}

/** Behind the header, before all else (PNG third edition, section 5.6). */
async function embedInPng(file: Bytes, profile: Bytes): Promise<Bytes> {
  const headerEnd = 8 + 25;
  const stream = new Blob([profile]).stream().pipeThrough(new CompressionStream('deflate'));
  const deflated = await new Response(stream).bytes();
  const name = new TextEncoder().encode('ICC profile\0\0');
  const chunk = pngChunk('iCCP', join([name, deflated]));
  return join([file.subarray(0, headerEnd), chunk, file.subarray(headerEnd)]);
}

/** Behind the JFIF segment, in pieces of what a segment holds (ICC.1, annex B.4). */
function embedInJpeg(file: Bytes, profile: Bytes): Bytes {
  const most = 65535 - 2 - 14;
  const count = Math.ceil(profile.length / most);
  const segments = Array.from({ length: count }, (_, i) => {
    const piece = profile.subarray(i * most, (i + 1) * most);
    const length = 2 + 14 + piece.length;
    const head = Uint8Array.of(0xff, 0xe2, length >> 8, length & 255);
    return join([head, new TextEncoder().encode('ICC_PROFILE\0'), Uint8Array.of(i + 1, count), piece]);
  });
  const jfif = file[3] === 0xe0 ? 2 + ((file[4]! << 8) | file[5]!) : 0;
  return join([file.subarray(0, 2 + jfif), ...segments, file.subarray(2 + jfif)]);
}

/** In the extended form, between its header and the picture (RFC 9649, section 2.7). */
function embedInWebp(file: Bytes, profile: Bytes): Bytes {
  const first = String.fromCharCode(...file.subarray(12, 16));
  const header = first === 'VP8X' ? file.slice(12, 12 + 18) : extendedHeader(file, first);
  header[8]! |= 0x20;
  const padded = new Uint8Array(8 + profile.length + (profile.length & 1));
  padded.set([0x49, 0x43, 0x43, 0x50]); // "ICCP"
  new DataView(padded.buffer).setUint32(4, profile.length, true);
  padded.set(profile, 8);
  const body = join([header, padded, file.subarray(first === 'VP8X' ? 30 : 12)]);
  const riff = file.slice(0, 12);
  new DataView(riff.buffer).setUint32(4, 4 + body.length, true);
  return join([riff, body]);
}

/** The VP8X chunk of a WebP that holds nothing but a picture. */
function extendedHeader(file: Bytes, first: string): Bytes {
  const view = new DataView(file.buffer, file.byteOffset);
  const chunk = new Uint8Array(18);
  const out = new DataView(chunk.buffer);
  chunk.set([0x56, 0x50, 0x38, 0x58]); // "VP8X"
  out.setUint32(4, 10, true);
  // Where the two kinds of picture keep their size less one: RFC 6386, section 9.1, and RFC 9649, section 3.4.
  const lossless = first === 'VP8L' ? view.getUint32(21, true) : undefined;
  const width = lossless === undefined ? (view.getUint16(26, true) & 0x3fff) - 1 : lossless & 0x3fff;
  const height =
    lossless === undefined ? (view.getUint16(28, true) & 0x3fff) - 1 : (lossless >>> 14) & 0x3fff;
  if (lossless !== undefined && (lossless >>> 28) & 1) chunk[8] = 0x10;
  out.setUint16(12, width, true);
  out.setUint16(15, height, true);
  return chunk;
}
