/**
 * How the stored rows and columns map to the upright picture, numbered as in EXIF 2.32 (tag 0x0112): 1 upright,
 * 2 mirrored left to right, 3 turned by 180 degrees, 4 mirrored top to bottom, 5 transposed, 6 to be turned clockwise,
 * 7 transposed across the other diagonal, 8 to be turned anticlockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"
const ORIENTATION_TAG = 0x0112;
const TYPE_SHORT = 3;

/** Whether a block starts as EXIF does in a JPEG; other metadata shares its marker there. */
export function isExif(block: Uint8Array): boolean {
  return PREFIX.every((byte, i) => block[i] === byte);
}

/**
 * Reads the orientation from EXIF, which is a TIFF file, with or without the prefix it has in a JPEG.
 * Metadata never fails a photograph: what is odd reads as upright.
 */
export function readOrientation(block: Uint8Array): Orientation {
  const exif = isExif(block) ? block.subarray(PREFIX.length) : block;
  if (exif.length < 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, little);
  for (let entry = directory + 2, i = 0; i < count && entry + 12 <= exif.length; i++, entry += 12) {
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    if (view.getUint16(entry + 2, little) !== TYPE_SHORT) return 1;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}
