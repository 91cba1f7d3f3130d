import { problem } from '../problem.ts';
import { corrupt } from './corrupt.ts';
import { isExif, type Orientation, readOrientation } from './exif.ts';
import type { ImageHeader } from './sniff.ts';

const SOS = 0xda;
const EOI = 0xd9;
const APP1 = 0xe1;

/**
 * Reads a JPEG's header by walking its marker segments (ITU-T T.81, annex B) and skipping the coded data of each scan.
 * The walk ends at the end-of-image marker: decoders fill what is missing with grey and say nothing.
 */
export function sniffJpeg(bytes: Uint8Array): ImageHeader {
  let frame: { width: number; height: number; components: number } | undefined;
  let orientation: Orientation | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw corrupt('the JPEG ends before its last marker');
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === EOI) break;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw corrupt('a segment of the JPEG runs past its end');
    const segment = bytes.subarray(at + 4, end);
    if (isFrame(marker)) {
      if (frame) throw corrupt('the JPEG has two frame headers');
      frame = readFrame(marker, segment);
    } else if (marker === APP1 && isExif(segment)) {
      orientation ??= readOrientation(segment);
    }
    at = end;
    if (marker === SOS) {
      scans += 1;
      at = skipCodedData(bytes, at);
    }
  }
  if (!frame || scans === 0) throw corrupt('the JPEG holds no pixels');
  return {
    format: 'jpeg',
    ...frame,
    bitDepth: 8,
    alpha: false,
    animated: false,
    orientation: orientation ?? 1,
    scans,
  };
}

/** SOF0 to SOF15, less the three numbers of that range which mean something else (DHT, JPG, DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(
  marker: number,
  segment: Uint8Array,
): { width: number; height: number; components: number } {
  if (segment.length < 6) throw corrupt('the JPEG frame header is too short');
  const huffmanDct = marker <= 0xc2;
  const components = segment[5]!;
  if (!huffmanDct || segment[0] !== 8 || ![1, 3, 4].includes(components)) {
    throw problem(
      'image-variant',
      'Save the JPEG as an ordinary 8-bit one: lossless, arithmetic-coded and 12-bit files are not decoded.',
    );
  }
  const height = (segment[1]! << 8) | segment[2]!;
  const width = (segment[3]! << 8) | segment[4]!;
  if (width === 0 || height === 0) throw corrupt('the JPEG header gives the image no area');
  return { width, height, components };
}

/** The next marker that ends a scan: within coded data, FF 00 is a byte and FF D0 to FF D7 are restarts. */
function skipCodedData(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 2)) {
    const next = bytes[at + 1];
    if (next === 0xff) at -= 1;
    else if (next !== 0 && !(next !== undefined && next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw corrupt('the JPEG ends in the middle of a scan');
}
