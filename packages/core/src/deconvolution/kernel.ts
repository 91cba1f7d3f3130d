import type { BlurKernel } from '../degradations/motion-blur.ts';

/** What is less than this part of the kernel's largest weight is noise. */
const LEAST_WEIGHT = 0.15;
/** A piece of the path that has less than this part of the light is noise. */
const LEAST_PIECE = 0.1;

/** Without weights, and pieces of path, too small to be told from noise; what is left sums to 1. */
export function withoutNoise({ size, weights }: BlurKernel): BlurKernel {
  const least = LEAST_WEIGHT * weights.reduce((most, weight) => Math.max(most, weight), 0);
  const kept = weights.map((weight) => (weight >= least && weight > 0 ? weight : 0));
  const total = sum(kept);
  const seen = new Uint8Array(size * size);
  for (let start = 0; start < kept.length; start++) {
    if (kept[start] === 0 || seen[start]) continue;
    seen[start] = 1;
    const piece = [start];
    for (const i of piece)
      for (const near of neighbours(i, size))
        if (kept[near] !== 0 && !seen[near]) {
          seen[near] = 1;
          piece.push(near);
        }
    if (piece.reduce((light, i) => light + kept[i]!, 0) < LEAST_PIECE * total)
      for (const i of piece) kept[i] = 0;
  }
  return normalised({ size, weights: kept });
}

function neighbours(i: number, size: number): number[] {
  const [x, y] = [i % size, Math.floor(i / size)];
  const near: number[] = [];
  for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, size - 1); row++)
    for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, size - 1); column++)
      near.push(row * size + column);
  return near;
}

/** Moved so that its centre of mass is its middle: the picture is not displaced. */
export function centred(kernel: BlurKernel): BlurKernel {
  const { size, weights } = kernel;
  let [x, y] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    x += weights[i]! * ((i % size) - (size >> 1));
    y += weights[i]! * (Math.floor(i / size) - (size >> 1));
  }
  return normalised(sampled(kernel, size, (column, row) => [column + x, row + y]));
}

/** As a picture so many times larger would have been blurred by it. */
export function enlarged(kernel: BlurKernel, size: number, factor: number): BlurKernel {
  const at = (place: number) => (place - (size >> 1)) / factor + (kernel.size >> 1);
  return normalised(sampled(kernel, size, (column, row) => [at(column), at(row)]));
}

/** A kernel of `size` whose weights are taken, bilinearly, from other places of this one. */
function sampled(
  { size: of, weights }: BlurKernel,
  size: number,
  place: (column: number, row: number) => [number, number],
): BlurKernel {
  const at = (x: number, y: number) => (x >= 0 && y >= 0 && x < of && y < of ? weights[y * of + x]! : 0);
  const result = new Float32Array(size * size);
  for (let i = 0; i < result.length; i++) {
    const [px, py] = place(i % size, Math.floor(i / size));
    const [x, y] = [Math.floor(px), Math.floor(py)];
    const [fx, fy] = [px - x, py - y];
    const above = (1 - fx) * at(x, y) + fx * at(x + 1, y);
    const below = (1 - fx) * at(x, y + 1) + fx * at(x + 1, y + 1);
    result[i] = (1 - fy) * above + fy * below;
  }
  return { size, weights: result };
}

/** Of weights that sum to 1; no blur where there are none, as of a picture without edges. */
function normalised({ size, weights }: BlurKernel): BlurKernel {
  const total = sum(weights);
  if (total > 0) return { size, weights: weights.map((weight) => weight / total) };
  const none = new Float32Array(size * size);
  none[(size * size - 1) / 2] = 1;
  return { size, weights: none };
}

/** The shortest path that is one: two pixels side by side. */
export function twoPixels(size: number): BlurKernel {
  const weights = new Float32Array(size * size);
  const middle = (size * size - 1) / 2;
  weights.fill(0.5, middle - 1, middle + 1);
  return { size, weights };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Where weight `i` of a kernel lies in a plane whose origin is the kernel's middle: it reads what lies across from it. */
function wrapped(i: number, size: number, radius: number, width: number, height: number): number {
  const y = radius - Math.floor(i / size);
  const x = radius - (i % size);
  return ((y + height) % height) * width + ((x + width) % width);
}

/** A kernel in a plane, its middle in the corner, as a Fourier transform wants it. */
export function placed({ size, weights }: BlurKernel, width: number, height: number): Float32Array {
  const plane = new Float32Array(width * height);
  for (let i = 0; i < weights.length; i++) plane[wrapped(i, size, size >> 1, width, height)] = weights[i]!;
  return plane;
}

/** The kernel of `size` that lies in such a plane. */
export function taken(plane: Float32Array, width: number, height: number, size: number): BlurKernel {
  const weights = new Float32Array(size * size);
  for (let i = 0; i < weights.length; i++) weights[i] = plane[wrapped(i, size, size >> 1, width, height)]!;
  return { size, weights };
}
