import { problem } from '../problem.ts';
import type { Orientation } from './exif.ts';
import { sniffJpeg } from './sniff-jpeg.ts';
import { sniffPng } from './sniff-png.ts';
import { sniffWebp } from './sniff-webp.ts';

export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** What an image says of itself before any pixel is decoded. */
/** An ICC profile in pieces, as a JPEG has it, or compressed, as a PNG has it. */
export interface StoredProfile {
  parts: Uint8Array[];
  deflated: boolean;
}

export interface ImageHeader {
  format: ImageFormat;
  /** As stored, in pixels: the orientation has not been applied. */
  width: number;
  height: number;
  /** Bits in a sample, 1 to 16. */
  bitDepth: number;
  /** Colour components as stored: 4 in a JPEG is CMYK. */
  components: number;
  alpha: boolean;
  /** Whether the file itself says that there is no colour: not a palette that happens to be grey. */
  grey: boolean;
  animated: boolean;
  orientation: Orientation;
  /** Scans of a progressive JPEG; 1 elsewhere. */
  scans: number;
  /** Whether the file stores its colour at half the resolution on both axes. */
  subsampled: boolean;
  /** The embedded colour profile as it lies in the file. */
  profile?: StoredProfile;
  /** Whether the file holds more than a picture and its colour profile: EXIF, comments, bytes behind the end. */
  extras: boolean;
}

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
