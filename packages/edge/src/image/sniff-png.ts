import { corrupt } from './corrupt.ts';
import { type Orientation, readOrientation } from './exif.ts';
import type { ImageHeader, StoredProfile } from './header.ts';
import { PNG_SIGNATURE, pngChunks } from './png-chunks.ts';

/** Components and allowed bit depths of each PNG colour type (PNG third edition, table 11.1). */
const COLOUR_TYPES: Record<number, { components: number; depths: number[]; alpha: boolean }> = {
  0: { components: 1, depths: [1, 2, 4, 8, 16], alpha: false },
  2: { components: 3, depths: [8, 16], alpha: false },
  3: { components: 1, depths: [1, 2, 4, 8], alpha: false },
  4: { components: 2, depths: [8, 16], alpha: true },
  6: { components: 4, depths: [8, 16], alpha: true },
};

export interface PngLayout {
  width: number;
  height: number;
  bitDepth: number;
  colourType: number;
  components: number;
  alpha: boolean;
  interlaced: boolean;
}

/** Reads the 13 bytes of an IHDR chunk. @throws image-corrupt for what the specification forbids */
export function readIhdr(data: Uint8Array): PngLayout {
  if (data.length !== 13) throw corrupt('the PNG header has the wrong length');
  const view = new DataView(data.buffer, data.byteOffset, 13);
  const colourType = data[9]!;
  const bitDepth = data[8]!;
  const kind = COLOUR_TYPES[colourType];
  if (!kind?.depths.includes(bitDepth))
    throw corrupt('the PNG header names a colour type that does not exist');
  if (data[10] !== 0 || data[11] !== 0 || data[12]! > 1)
    throw corrupt('the PNG header names an unknown method');
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  if (width === 0 || height === 0) throw corrupt('the PNG header gives the image no area');
  const { components, alpha } = kind;
  return { width, height, bitDepth, colourType, components, alpha, interlaced: data[12] === 1 };
}

/** What tells how pixels look, and so is not dropped, or stands for what the restored file says in its own way. */
const PICTURE = new Set([
  'IHDR',
  'PLTE',
  'tRNS',
  'IDAT',
  'IEND',
  'iCCP',
  'sRGB',
  'gAMA',
  'cHRM',
  'sBIT',
  'bKGD',
  'pHYs',
]);

/** Reads a PNG's header from its chunks, without inflating one. */
export function sniffPng(bytes: Uint8Array): ImageHeader {
  let layout: PngLayout | undefined;
  let alpha = false;
  let animated = false;
  let pixels = false;
  let orientation: Orientation = 1;
  let profile: StoredProfile | undefined;
  let extras = false;
  let end = PNG_SIGNATURE.length;
  for (const { type, data } of pngChunks(bytes)) {
    end += 12 + data.length;
    extras ||= !PICTURE.has(type);
    if (!layout) {
      if (type !== 'IHDR') throw corrupt('the PNG does not start with its header');
      layout = readIhdr(data);
      alpha = layout.alpha;
    } else if (type === 'tRNS') alpha = true;
    else if (type === 'acTL') animated = true;
    else if (type === 'eXIf') orientation = readOrientation(data);
    else if (type === 'iCCP') profile = readIccp(data);
    else if (type === 'IDAT') pixels = true;
  }
  if (!layout || !pixels) throw corrupt('the PNG holds no pixels');
  const { width, height, bitDepth, components, colourType } = layout;
  return {
    format: 'png',
    width,
    height,
    bitDepth,
    components,
    alpha,
    grey: colourType === 0 || colourType === 4,
    animated,
    orientation,
    scans: 1,
    subsampled: false,
    ...(profile && { profile }),
    extras: extras || end < bytes.length,
  };
}

/** A profile's name up to a zero, the method of compression, which is always 0, and the profile (PNG, section 11.3.2.3). */
function readIccp(data: Uint8Array): StoredProfile | undefined {
  const zero = data.indexOf(0);
  return zero > 0 && data[zero + 1] === 0 ? { parts: [data.subarray(zero + 2)], deflated: true } : undefined;
}
