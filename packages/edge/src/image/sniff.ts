import { problem } from '../problem.ts';
import type { ImageHeader } from './header.ts';
import { sniffJpeg } from './sniff-jpeg.ts';
import { sniffPng } from './sniff-png.ts';
import { sniffWebp } from './sniff-webp.ts';

/**
 * Reads an image's header by its own bytes, whatever the request declared. Walks the container to its end, so a file
 * cut short is refused here, and takes no memory that grows with the picture.
 *
 * @throws unsupported-format, image-corrupt, image-variant
 */
export function sniff(bytes: Uint8Array): ImageHeader {
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return sniffPng(bytes);
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return sniffJpeg(bytes);
  if (isWebp(bytes)) return sniffWebp(bytes);
  throw problem(
    'unsupported-format',
    'Send a PNG, JPEG or WebP image; the first bytes are those of none of them.',
  );
}

function startsWith(bytes: Uint8Array, magic: number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function isWebp(bytes: Uint8Array): boolean {
  return (
    startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes.subarray(8), [0x57, 0x45, 0x42, 0x50])
  );
}
