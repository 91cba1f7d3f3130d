import { corrupt } from './corrupt.ts';
import { type Orientation, readOrientation } from './exif.ts';
import type { ImageHeader, StoredProfile } from './header.ts';

/** Reads a WebP's header from its RIFF chunks (RFC 9649, section 2). */
export function sniffWebp(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = view.getUint32(4, true) + 8;
  if (end > bytes.length || end < 20) throw corrupt('the WebP is shorter than its header says');
  let canvas: { width: number; height: number } | undefined;
  let picture: Picture | undefined;
  let alpha = false;
  let animated = false;
  let orientation: Orientation = 1;
  let profile: StoredProfile | undefined;
  let extras = end < bytes.length;
  for (let at = 12; at + 8 <= end; ) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    if (length > end - at - 8) throw corrupt('a chunk of the WebP runs past its end');
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'VP8X' && data.length >= 10) {
      canvas = { width: 1 + uint24(data, 4), height: 1 + uint24(data, 7) };
      alpha = (data[0]! & 0x10) !== 0;
      animated = (data[0]! & 0x02) !== 0;
    } else if (type === 'VP8 ') picture ??= readLossy(data);
    else if (type === 'VP8L') picture ??= readLossless(data);
    else if (type === 'ANIM' || type === 'ANMF') animated = true;
    else if (type === 'ICCP') profile = { parts: [data], deflated: false };
    else if (type !== 'VP8X' && type !== 'ALPH') extras = true;
    if (type === 'EXIF') orientation = readOrientation(data);
    at += 8 + length + (length & 1);
  }
  // An animation keeps its pictures inside frames; it is refused later, by name.
  const size = animated ? canvas : picture;
  if (!size || size.width === 0 || size.height === 0) throw corrupt('the WebP holds no pixels');
  if (canvas && (canvas.width !== size.width || canvas.height !== size.height)) {
    throw corrupt('the WebP gives two different sizes');
  }
  return {
    format: 'webp',
    width: size.width,
    height: size.height,
    bitDepth: 8,
    components: 3,
    alpha: alpha || (picture?.alpha ?? false),
    grey: false,
    animated,
    orientation,
    scans: 1,
    subsampled: picture?.subsampled ?? false,
    ...(profile && { profile }),
    extras,
  };
}

interface Picture {
  width: number;
  height: number;
  alpha: boolean;
  subsampled: boolean;
}

/** The key frame header of VP8 (RFC 6386, section 9.1): 14-bit sizes, each with 2 bits of scaling to ignore. */
function readLossy(data: Uint8Array): Picture {
  const keyFrame = data.length >= 10 && (data[0]! & 1) === 0;
  if (!keyFrame || data[3] !== 0x9d || data[4] !== 0x01 || data[5] !== 0x2a)
    throw corrupt('the WebP has no key frame');
  const width = (data[6]! | (data[7]! << 8)) & 0x3fff;
  const height = (data[8]! | (data[9]! << 8)) & 0x3fff;
  return { width, height, alpha: false, subsampled: true };
}

/** The VP8L header (RFC 9649, section 3.4): two 14-bit sizes less one, a bit that tells of alpha, a version of 0. */
function readLossless(data: Uint8Array): Picture {
  if (data.length < 5 || data[0] !== 0x2f || data[4]! >> 5 !== 0)
    throw corrupt('the WebP has no lossless header');
  const bits = data[1]! | (data[2]! << 8) | (data[3]! << 16) | (data[4]! << 24);
  return {
    width: 1 + (bits & 0x3fff),
    height: 1 + ((bits >>> 14) & 0x3fff),
    alpha: ((bits >>> 28) & 1) === 1,
    subsampled: false,
  };
}

function uint24(data: Uint8Array, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
}
