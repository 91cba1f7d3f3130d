import { problem } from '../problem.ts';
import { corrupt } from './corrupt.ts';
import { isExif, type Orientation, readOrientation } from './exif.ts';
import type { ImageHeader } from './header.ts';

const SOS = 0xda;
const EOI = 0xd9;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;

/** "ICC_PROFILE\0", behind which stand the number of the piece, the number of pieces, and the piece (ICC.1, annex B.4). */
const ICC = [...'ICC_PROFILE\0'].map((letter) => letter.charCodeAt(0));

/**
 * Reads a JPEG's header by walking its marker segments (ITU-T T.81, annex B) and skipping the coded data of each scan.
 * The walk ends at the end-of-image marker: decoders fill what is missing with grey and say nothing.
 */
export function sniffJpeg(bytes: Uint8Array): ImageHeader {
  let frame: Frame | undefined;
  const profile: Uint8Array[] = [];
  let extras = false;
  let orientation: Orientation | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw corrupt('the JPEG ends before its last marker');
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === EOI) {
      extras ||= at + 2 < bytes.length;
      break;
    }
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw corrupt('a segment of the JPEG runs past its end');
    const segment = bytes.subarray(at + 4, end);
    if (isFrame(marker)) {
      if (frame) throw corrupt('the JPEG has two frame headers');
      frame = readFrame(marker, segment);
    } else if (marker === APP2 && ICC.every((byte, i) => segment[i] === byte)) {
      profile[segment[ICC.length]! - 1] = segment.subarray(ICC.length + 2);
    } else {
      extras ||= isExtra(marker);
      if (marker === APP1 && isExif(segment)) orientation ??= readOrientation(segment);
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
    grey: frame.components === 1,
    animated: false,
    orientation: orientation ?? 1,
    scans,
    ...(profile.length > 0 && { profile: { parts: profile, deflated: false } }),
    extras,
  };
}

interface Frame {
  width: number;
  height: number;
  components: number;
  subsampled: boolean;
}

/** What is dropped: comments and all application data but JFIF's and Adobe's, which tell how colours are stored. */
function isExtra(marker: number): boolean {
  return marker === COM || (marker > APP0 && marker <= APP15 && marker !== APP14);
}

/** SOF0 to SOF15, less the three numbers of that range which mean something else (DHT, JPG, DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(marker: number, segment: Uint8Array): Frame {
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
  // Of each component: its name, how often it is sampled (4 bits across, 4 down), its table.
  const sampling = Array.from({ length: components }, (_, i) => segment[7 + 3 * i] ?? 0);
  const subsampled = components === 3 && sampling[0] === 0x22 && sampling[1] === 0x11;
  return { width, height, components, subsampled };
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
