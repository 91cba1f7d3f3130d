import { pngChunk } from '../src/image/png-chunks.ts';
import { join } from '../src/testing.ts';

/**
 * The same PNG or JPEG as another file: with a comment that nobody reads, so that no cache has seen it. The restored file
 * stays the same.
 */
export function stamped(file: Uint8Array, stamp: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(stamp);
  const isPng = file[0] === 0x89;
  // Behind the header of a PNG, behind the first marker of a JPEG.
  const at = isPng ? 33 : 2;
  const comment = isPng
    ? pngChunk('tEXt', join([new TextEncoder().encode('Comment\0'), text]))
    : join([Uint8Array.of(0xff, 0xfe, 0, text.length + 2), text]);
  return join([file.subarray(0, at), comment, file.subarray(at)]);
}
