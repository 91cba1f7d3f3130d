/** The sum of the steps for brightness that libjpeg takes at quality 50 (ITU-T T.81, table K.1). */
const STEPS_AT_50 = 3688;

const START_OF_IMAGE = 0xd8;
const TABLES = 0xdb;
const SCAN = 0xda;

/**
 * Reads off a JPEG with which quality it was stored: the setting of libjpeg, 1..100, whose steps are as coarse on average
 * as those of the file's first table, which is that of brightness. Other encoders' settings mean other steps.
 *
 * @param file the bytes of a file of any kind; the tables stand in its first kilobytes
 * @returns undefined where it is no JPEG, or one without such a table before its pixels
 */
export function jpegQuality(file: Uint8Array): number | undefined {
  if (file[0] !== 0xff || file[1] !== START_OF_IMAGE) return undefined;
  for (let at = 2; file[at] === 0xff; ) {
    const marker = file[at + 1];
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    if (marker === SCAN) return undefined;
    const length = file[at + 2]! * 256 + file[at + 3]!;
    if (marker === TABLES && length >= 67) return qualityOf(file.subarray(at + 4, at + 2 + length));
    at += 2 + length;
  }
  return undefined;
}

/** @param segment the kind and number of a table, 4 bits each, and its 64 steps, of two bytes each where the kind is 1 */
function qualityOf(segment: Uint8Array): number | undefined {
  const bytes = segment[0]! >> 4 === 1 ? 2 : 1;
  const steps = segment.subarray(1, 1 + 64 * bytes);
  if (steps.length < 64 * bytes) return undefined;
  const sum = steps.reduce((total, byte, i) => total + (bytes === 2 && i % 2 === 0 ? 256 * byte : byte), 0);
  // libjpeg multiplies the table by this, as a whole number of hundredths.
  const scale = sum / STEPS_AT_50;
  const quality = scale <= 1 ? 100 - 50 * scale : 50 / scale;
  return Math.min(100, Math.max(1, Math.round(quality)));
}
