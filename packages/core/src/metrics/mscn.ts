import { gaussianWindow, WindowFilter } from './gaussian-window.ts';

/** Side of the window of the mean and deviation around a pixel. */
const side = 7;
const reach = (side - 1) / 2;
export const mscnWindow = gaussianWindow(side, 7 / 6);

/** What lies beyond the border of an image: black, or the nearest pixel. */
export type Border = 'zero' | 'replicate';

/**
 * Mean-subtracted contrast-normalised coefficients, `(I - mu) / (sigma + 1)` with the mean and standard deviation under
 * a Gaussian window of 7x7 (Ruderman, "The statistics of natural images", 1994; Mittal, Moorthy and Bovik, "No-reference
 * image quality assessment in the spatial domain", 2012).
 * @param plane `width * height` grey values, 0..255.
 */
export function mscn(plane: Float64Array, width: number, height: number, border: Border): Float64Array {
  const means = new WindowFilter(mscnWindow, width);
  const powers = new WindowFilter(mscnWindow, width);
  const row = new Float64Array(width + 2 * reach);
  const squares = new Float64Array(width + 2 * reach);
  const mean = new Float64Array(width);
  const power = new Float64Array(width);
  const map = new Float64Array(width * height);
  for (let y = -reach; y < height + reach; y++) {
    readRow(plane, width, height, y, border, row);
    for (let x = 0; x < row.length; x++) squares[x] = row[x]! * row[x]!;
    means.push(row);
    powers.push(squares);
    if (y < reach) continue;
    means.read(mean);
    powers.read(power);
    const start = (y - reach) * width;
    for (let x = 0; x < width; x++) {
      const mu = mean[x]!;
      map[start + x] = (plane[start + x]! - mu) / (Math.sqrt(Math.abs(power[x]! - mu * mu)) + 1);
    }
  }
  return map;
}

/** Row `y`, which may lie outside, with `reach` more values on either side. */
function readRow(
  plane: Float64Array,
  width: number,
  height: number,
  y: number,
  border: Border,
  row: Float64Array,
) {
  if (border === 'zero' && (y < 0 || y >= height)) {
    row.fill(0);
    return;
  }
  const start = Math.min(Math.max(y, 0), height - 1) * width;
  row.set(plane.subarray(start, start + width), reach);
  if (border === 'replicate') {
    row.fill(plane[start]!, 0, reach);
    row.fill(plane[start + width - 1]!, reach + width);
  }
}
