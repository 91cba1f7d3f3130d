import type { Config } from '../config.ts';
import { problem } from '../problem.ts';
import type { ImageHeader } from './header.ts';

interface Size {
  width: number;
  height: number;
}

/** The most that an image may have, as it is sent. */
export interface Largest {
  pixels: number;
  side: number;
}

/** The largest image that a network which enlarges so many times is given. */
export function largestFor(enlargement: number, limits: Config): Largest {
  const enlarged = Math.floor(limits.MAX_OUTPUT_PIXELS / enlargement ** 2);
  return {
    pixels: Math.min(limits.MAX_PIXELS, enlarged),
    side: Math.floor(limits.MAX_SIDE / enlargement),
  };
}

/**
 * Refuses, by its header alone, a picture that would cost too much to decode or that no decoder here can read.
 *
 * @param enlargement of the network it is for: asked for only to say at once what that one takes
 */
export function admit(header: ImageHeader, limits: Config, enlargement: () => number): void {
  if (!within(header, { pixels: limits.MAX_PIXELS, side: limits.MAX_SIDE })) {
    throw tooLarge(header, enlargement(), limits);
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
export function admitWork(size: Size, work: Work, limits: Config): void {
  const { width, height } = size;
  const largest = largestFor(work.enlargement, limits);
  if (!within(size, largest)) throw tooLarge(size, work.enlargement, limits);
  const gigamacs = work.macs(width, height) / 1e9;
  if (gigamacs > limits.MAX_GIGAMACS) {
    const pixels = (width * height * limits.MAX_GIGAMACS) / gigamacs;
    throw problem(
      'image-too-large',
      `Shrink the image to about ${shrunk(size, { ...largest, pixels })}: it would take this network ${gigamacs.toFixed(0)} thousand million operations, and ${limits.MAX_GIGAMACS} are allowed.`,
    );
  }
}

function tooLarge(size: Size, enlargement: number, limits: Config): Error {
  const largest = largestFor(enlargement, limits);
  const reason = enlargement === 1 ? '' : `, since each side grows ${enlargement} times`;
  return problem(
    'image-too-large',
    `Shrink the image to at most ${largest.pixels} pixels and ${largest.side} on a side, such as ${shrunk(size, largest)}${reason}; it has ${size.width} x ${size.height}.`,
  );
}

/** Divides rather than multiplies, so that no size a header can claim overflows. */
function within({ width, height }: Size, { pixels, side }: Largest): boolean {
  return width <= side && height <= side && width <= Math.floor(pixels / height);
}

/** The largest size of the same shape that is within, in words. */
function shrunk({ width, height }: Size, { pixels, side }: Largest): string {
  const scale = Math.min(side / Math.max(width, height), Math.sqrt(pixels / width / height));
  // The shorter side of a line has no half of a pixel.
  const [wide, high] = [width, height].map((length) => Math.max(1, Math.floor(length * scale))) as [
    number,
    number,
  ];
  const most = (other: number) => Math.max(1, Math.floor(pixels / other));
  return `${Math.min(wide, most(high))} x ${Math.min(high, most(wide))}`;
}
