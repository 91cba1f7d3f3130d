import { type Raster, whiteLevel } from '../raster.ts';
import type { Segment } from './tiles.ts';

/**
 * Copies a window of rasters of one size into the network's input: RGB of each side by side, 0..1, `row.length` x
 * `column.length`. Beyond the right and bottom edge the photograph is mirrored (the last row is not repeated), as often as
 * it takes.
 */
export function readWindow(
  rasters: readonly Raster[],
  row: Pick<Segment, 'from' | 'length'>,
  column: Pick<Segment, 'from' | 'length'>,
): Float32Array {
  const stride = 3 * rasters.length;
  const pixels = new Float32Array(row.length * column.length * stride);
  for (const [index, { width, height, channels, data }] of rasters.entries()) {
    const scale = 1 / whiteLevel(data);
    let to = 3 * index;
    for (let y = row.from; y < row.from + row.length; y++) {
      const start = mirror(y, height) * width;
      for (let x = column.from; x < column.from + column.length; x++, to += stride) {
        const from = (start + mirror(x, width)) * channels;
        pixels[to] = data[from]! * scale;
        pixels[to + 1] = data[from + 1]! * scale;
        pixels[to + 2] = data[from + 2]! * scale;
      }
    }
  }
  return pixels;
}

/** Rows of a restored window, from `from` on. */
export interface Strip {
  from: number;
  length: number;
  pixels: Float32Array;
}

/**
 * Writes what is kept of some rows of a restored window into a raster, leaving alpha as it is.
 *
 * @param enlargement output pixels for each input pixel along an axis; the segments count input pixels
 */
export function writeWindow(
  output: Raster,
  strip: Strip,
  row: Segment,
  column: Segment,
  enlargement: number,
): void {
  const { width, height, channels, data } = output;
  const white = whiteLevel(data);
  // Integer arrays are rounded to nearest; a float raster keeps the network's value.
  const rounding = white === 1 ? 0 : 0.5;
  const first = row.from * enlargement + strip.from;
  const top = Math.max(row.keepFrom * enlargement, first);
  const bottom = Math.min((row.keepFrom + row.keepLength) * enlargement, first + strip.length, height);
  const left = column.keepFrom * enlargement;
  const right = Math.min(left + column.keepLength * enlargement, width);
  const stride = column.length * enlargement;
  for (let y = top; y < bottom; y++) {
    let from = ((y - first) * stride + left - column.from * enlargement) * 3;
    let to = (y * width + left) * channels;
    for (let x = left; x < right; x++, to += channels) {
      for (let channel = 0; channel < 3; channel++) {
        const value = Math.min(Math.max(strip.pixels[from++]!, 0), 1) * white;
        data[to + channel] = rounding ? Math.floor(value + rounding) : value;
      }
    }
  }
}

function mirror(index: number, length: number): number {
  if (index < length) return index;
  const period = Math.max(1, 2 * (length - 1));
  const phase = index % period;
  return phase < length ? phase : period - phase;
}
