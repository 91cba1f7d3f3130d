import type { Raster } from '@pellucid/core';
import type { Orientation } from './exif.ts';

/** Turns a stored picture upright, so that its EXIF orientation can be dropped. Upright pictures pass through. */
export function orient(raster: Raster, orientation: Orientation): Raster {
  if (orientation === 1) return raster;
  const { width, height, channels, data } = raster;
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  const out = data.slice();
  // Walking the upright picture row by row, the stored picture is read from `start` in these strides.
  const [start, alongRow, alongColumn] = walk(orientation, width, height);
  for (let y = 0, to = 0; y < outHeight; y++) {
    let from = start + y * alongColumn;
    for (let x = 0; x < outWidth; x++, from += alongRow) {
      for (let c = 0; c < channels; c++) out[to++] = data[from * channels + c]!;
    }
  }
  return { width: outWidth, height: outHeight, channels, data: out };
}

/** The stored pixel that is upright (0, 0), and the steps in stored pixels for one upright pixel right and one down. */
function walk(orientation: Orientation, width: number, height: number): [number, number, number] {
  const right = width - 1;
  const bottom = (height - 1) * width;
  switch (orientation) {
    case 1:
      return [0, 1, width];
    case 2:
      return [right, -1, width];
    case 3:
      return [bottom + right, -1, -width];
    case 4:
      return [bottom, 1, -width];
    case 5:
      return [0, width, 1];
    case 6:
      return [bottom, -width, 1];
    case 7:
      return [bottom + right, -width, -1];
    case 8:
      return [right, width, -1];
  }
}
