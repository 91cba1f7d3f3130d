import { problem } from '../problem.ts';
import type { ImageHeader } from './sniff.ts';

/**
 * What one isolate of 128 MB can hold: the body, the decoded picture (up to 8 bytes a pixel), the restored one, the
 * codec's own copy, and the engine's heap for one tile.
 */
export const LIMITS = {
  bodyBytes: 10 * 1024 * 1024,
  pixels: 2 * 1024 * 1024,
  side: 4096,
  scans: 64,
} as const;

/** Refuses, by its header alone, a picture that would cost too much to decode or that no decoder here can read. */
export function admit(header: ImageHeader): void {
  const { width, height } = header;
  // Divided rather than multiplied, so that no size a header can claim overflows.
  if (width > LIMITS.side || height > LIMITS.side || width > Math.floor(LIMITS.pixels / height)) {
    throw problem(
      'image-too-large',
      `Shrink the image to at most ${LIMITS.pixels} pixels and ${LIMITS.side} on a side; it has ${width} x ${height}.`,
    );
  }
  if (header.animated) throw problem('image-animated', 'Send a single frame: animations are not restored.');
  if (header.format === 'jpeg' && header.components === 4) {
    throw problem('image-cmyk', 'Convert the JPEG to RGB: CMYK is not decoded.');
  }
  if (header.scans > LIMITS.scans) {
    throw problem(
      'image-too-many-scans',
      `Save the JPEG with at most ${LIMITS.scans} scans; it has ${header.scans}.`,
    );
  }
}
