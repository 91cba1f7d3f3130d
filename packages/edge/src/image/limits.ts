import type { Config } from '../config.ts';
import { problem } from '../problem.ts';
import type { ImageHeader } from './sniff.ts';

/** Refuses, by its header alone, a picture that would cost too much to decode or that no decoder here can read. */
export function admit(header: ImageHeader, limits: Config): void {
  const { width, height } = header;
  if (!within(width, height, limits.MAX_PIXELS, limits.MAX_SIDE)) {
    throw problem(
      'image-too-large',
      `Shrink the image to at most ${limits.MAX_PIXELS} pixels and ${limits.MAX_SIDE} on a side; it has ${width} x ${height}.`,
    );
  }
  if (header.animated) throw problem('image-animated', 'Send a single frame: animations are not restored.');
  if (header.format === 'jpeg' && header.components === 4) {
    throw problem('image-cmyk', 'Convert the JPEG to RGB: CMYK is not decoded.');
  }
  if (header.scans > limits.MAX_SCANS) {
    throw problem(
      'image-too-many-scans',
      `Save the JPEG with at most ${limits.MAX_SCANS} scans; it has ${header.scans}.`,
    );
  }
}

/** What a network would make of a picture, and with how much work. */
export interface Work {
  enlargement: number;
  macs(width: number, height: number): number;
}

/** Refuses a picture that would be too large, or cost a network too much, before it is decoded. */
export function admitWork(
  { width, height }: { width: number; height: number },
  work: Work,
  limits: Config,
): void {
  const times = work.enlargement;
  if (!within(width * times, height * times, limits.MAX_OUTPUT_PIXELS, limits.MAX_SIDE)) {
    const most = Math.floor(limits.MAX_OUTPUT_PIXELS / times ** 2);
    throw problem(
      'image-too-large',
      `Shrink the image to at most ${most} pixels and ${Math.floor(limits.MAX_SIDE / times)} on a side, since each side grows ${times} times; it has ${width} x ${height}.`,
    );
  }
  const gigamacs = work.macs(width, height) / 1e9;
  if (gigamacs > limits.MAX_GIGAMACS) {
    throw problem(
      'image-too-large',
      `Shrink the image: it would take this network ${gigamacs.toFixed(0)} thousand million operations, and ${limits.MAX_GIGAMACS} are allowed.`,
    );
  }
}

/** Divides rather than multiplies, so that no size a header can claim overflows. */
function within(width: number, height: number, pixels: number, side: number): boolean {
  return width <= side && height <= side && width <= Math.floor(pixels / height);
}
