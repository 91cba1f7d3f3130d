import type { Raster } from '../raster.ts';
import { greyPlane } from './grey.ts';
import { mscn } from './mscn.ts';

/** Side of a block. */
export const piqeBlock = 16;
/** Length of a segment of a block's edge. */
export const piqeSegment = 6;
const threshold = 0.1;

/** What PIQE says of an image. */
export interface Piqe {
  /** 0 (best) to 100, and a little beyond. MATLAB calls up to 20 excellent, 35 good, 50 fair, 80 poor. */
  score: number;
  /** Blocks in a row and in a column, those that the right and bottom border cut included. */
  columns: number;
  rows: number;
  /** For each block, row by row, 1 where it is: not flat; with a flat piece of edge; noisy. The last two only if active. */
  active: Uint8Array;
  artifact: Uint8Array;
  noisy: Uint8Array;
  /** How many blocks are. */
  counts: { active: number; artifact: number; noisy: number };
}

/**
 * Perception-based image quality evaluator (Venkatanath et al., "Blind image quality evaluation using perception based
 * features", 2015), as MATLAB's `piqe` computes it: needs no model and says where an image is spoilt.
 *
 * Grey is stretched so that the lightest pixel is 255, and rounded, as in ports of MATLAB's function; whether MATLAB does
 * so too, images without a white pixel would have to show. The image is mirrored to a multiple of 16. An image without an
 * active block scores 100.
 * @throws PellucidError `metric/size` below 16x16 pixels; `metric/not-finite`
 */
export function piqe(image: Raster): Piqe {
  const grey = stretched(greyPlane(image, 'PIQE', piqeBlock));
  const columns = Math.ceil(image.width / piqeBlock);
  const rows = Math.ceil(image.height / piqeBlock);
  const width = columns * piqeBlock;
  const plane = mirroredTo(grey, image.width, image.height, width, rows * piqeBlock);
  const map = mscn(plane, width, rows * piqeBlock, 'replicate');

  const [active, artifact, noisy] = [0, 1, 2].map(() => new Uint8Array(columns * rows)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  let total = 0;
  for (let block = 0; block < active.length; block++) {
    const start = (Math.floor(block / columns) * width + (block % columns)) * piqeBlock;
    const variance = columnsVariance(map, start, width, everyColumn);
    if (!(variance > threshold)) continue;
    active[block] = 1;
    artifact[block] = hasFlatEdge(map, start, width) ? 1 : 0;
    noisy[block] = isNoisy(map, start, width, Math.sqrt(variance)) ? 1 : 0;
    total += artifact[block]! * (1 - variance) + noisy[block]! * variance;
  }
  const count = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);
  const counts = { active: count(active), artifact: count(artifact), noisy: count(noisy) };
  return { score: (100 * (total + 1)) / (counts.active + 1), columns, rows, active, artifact, noisy, counts };
}

function stretched(grey: Float64Array): Float64Array {
  const lightest = grey.reduce((most, value) => Math.max(most, value), 0);
  return lightest === 0 ? grey : grey.map((value) => Math.round((value * 255) / lightest));
}

/** A plane with its last columns and rows mirrored behind them (the outermost repeated) to the given size. */
function mirroredTo(
  plane: Float64Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Float64Array {
  if (width === toWidth && height === toHeight) return plane;
  const larger = new Float64Array(toWidth * toHeight);
  for (let y = 0; y < toHeight; y++) {
    const from = (y < height ? y : 2 * height - 1 - y) * width;
    larger.set(plane.subarray(from, from + width), y * toWidth);
    for (let x = width; x < toWidth; x++) larger[y * toWidth + x] = plane[from + 2 * width - 1 - x]!;
  }
  return larger;
}

const everyColumn = Array.from({ length: piqeBlock }, (_, x) => x);
const centreColumns = [7, 8];
// The centre is columns 7 and 8, but MATLAB removes column 7 and then the eighth of those left: column 9.
const surroundColumns = everyColumn.filter((x) => x !== 7 && x !== 9);

/** Sample variance of some columns of the block that begins at `start`. */
function columnsVariance(
  map: Float64Array,
  start: number,
  stride: number,
  columns: readonly number[],
): number {
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < piqeBlock; y++) {
    for (let k = 0; k < columns.length; k++) {
      const value = map[start + y * stride + columns[k]!]!;
      sum += value;
      squares += value * value;
    }
  }
  return sampleVariance(sum, squares, piqeBlock * columns.length);
}

function sampleVariance(sum: number, squares: number, count: number): number {
  return Math.max(0, squares - (sum * sum) / count) / (count - 1);
}

/** Whether any six neighbours along the block's edge deviate by less than the threshold. */
function hasFlatEdge(map: Float64Array, start: number, stride: number): boolean {
  const last = piqeBlock - 1;
  return (
    hasFlatSegment(map, start, 1) ||
    hasFlatSegment(map, start + last * stride, 1) ||
    hasFlatSegment(map, start, stride) ||
    hasFlatSegment(map, start + last, stride)
  );
}

function hasFlatSegment(map: Float64Array, start: number, step: number): boolean {
  for (let first = 0; first <= piqeBlock - piqeSegment; first++) {
    let sum = 0;
    let squares = 0;
    for (let k = first; k < first + piqeSegment; k++) {
      const value = map[start + k * step]!;
      sum += value;
      squares += value * value;
    }
    if (sampleVariance(sum, squares, piqeSegment) < threshold ** 2) return true;
  }
  return false;
}

/** Whether the block's deviation exceeds twice what its centre and surround make of it. */
function isNoisy(map: Float64Array, start: number, stride: number, deviation: number): boolean {
  const centre = Math.sqrt(columnsVariance(map, start, stride, centreColumns));
  const surround = Math.sqrt(columnsVariance(map, start, stride, surroundColumns));
  const ratio = surround === 0 ? 0 : centre / surround;
  return deviation > (2 * Math.abs(deviation - ratio)) / Math.max(deviation, ratio);
}
