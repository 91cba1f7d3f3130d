import type { BlurKernel } from '../degradations/motion-blur.ts';
import { resizePlane } from '../resize/bicubic.ts';
import { Fourier, type Spectrum } from './fourier.ts';
import { fadeOut, type Plane, surround } from './plane.ts';

/** Of the kernel, in pixels: paths that reach further are cut. */
const SIZE = 33;
/** Of what surrounds the picture, against the kernel. */
const MARGIN = 0.75;
/** Each level of the pyramid has half the pixels of the one below. */
const REDUCTION = Math.SQRT1_2;
/** Of the smallest kernel, at the top of the pyramid. */
const SMALLEST = 5;
/** Times that picture and kernel are found by turns, at each level, and at the last, which takes longest. */
const TURNS = 5;
const LAST_TURNS = 3;
/** What a gradient of the sharp picture costs that is not 0; it falls from turn to turn, and lets finer edges in. */
const GRADIENT_COST = 4e-3;
const COST_DECAY = 1.1;
const LAST_COST = 1e-4;
/** Of the coupling of the picture's gradients to sparse ones, which doubles with every step; the first is a multiple of the cost. */
const FIRST_COUPLING = 16;
const LAST_COUPLING = 1e3;
/** Holds the kernel's weights down where the picture has no edges to tell them by. */
const RIDGE = 8;
/** What is less than this part of the kernel's largest weight is noise. */
const LEAST_WEIGHT = 0.15;
/** A piece of the path that has less than this part of the light is noise. */
const LEAST_PIECE = 0.1;

/**
 * Finds the kernel that blurred a whole picture, from nothing but the picture: the one that leaves it the fewest
 * gradients. From coarse to fine, picture and kernel are found by turns: the picture by minimising
 *
 *   |k * x - y|^2 + cost * (number of gradients of x that are not 0)
 *
 * through half-quadratic splitting, after Xu, Zheng and Jia, "Unnatural L0 sparse representation for natural image
 * deblurring" (CVPR 2013); the kernel by least squares of gradients. What is cut from the kernel between turns, the
 * numbers and the surroundings are ours.
 *
 * Gives the number of pixels that each step worked on, and in the end the kernel, its centre of mass in its middle.
 *
 * @param light of the picture (not its gamma-compressed values), 0..1, at least 16 pixels on each side
 */
export function* estimateKernel(light: Plane): Generator<number, BlurKernel> {
  const levels = Math.floor(Math.log(SMALLEST / SIZE) / Math.log(REDUCTION)) + 1;
  let kernel: BlurKernel | undefined;
  let cost = GRADIENT_COST;
  for (let level = levels - 1; level >= 0; level--) {
    const scale = REDUCTION ** level;
    const size = Math.max(3, Math.round(SIZE * scale) | 1);
    kernel = kernel ? enlarged(kernel, size) : twoPixels(size);
    const margin = Math.max(Math.round(MARGIN * size), 8);
    const padded = surround(reduced(light, scale), margin);
    fadeOut(padded, margin);
    const fourier = new Fourier(padded.width, padded.height);
    const blurred = fourier.forward(padded.values);
    const gradients = gradientPower(fourier);
    for (let turn = 0; turn < (level > 0 ? TURNS : LAST_TURNS); turn++) {
      const sharp: Spectrum = yield* sparsePicture(fourier, padded, blurred, gradients, kernel, cost);
      kernel = centred(withoutNoise(fitKernel(fourier, sharp, blurred, gradients, size)));
      cost = Math.max(cost / COST_DECAY, LAST_COST);
    }
  }
  return kernel!;
}

/** The spectrum of the picture with the fewest gradients that a kernel would blur into this one. */
function* sparsePicture(
  fourier: Fourier,
  { width, height, values }: Plane,
  blurred: Spectrum,
  gradients: Float32Array,
  kernel: BlurKernel,
  cost: number,
): Generator<number, Spectrum> {
  const k = fourier.forward(placed(kernel, width, height));
  const length = gradients.length;
  const matched = fourier.spectrum();
  const power = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    power[i] = k.re[i]! ** 2 + k.im[i]! ** 2;
    matched.re[i] = k.re[i]! * blurred.re[i]! + k.im[i]! * blurred.im[i]!;
    matched.im[i] = k.re[i]! * blurred.im[i]! - k.im[i]! * blurred.re[i]!;
  }
  const spectrum = fourier.spectrum();
  const scratch = fourier.spectrum();
  const divergence = new Float32Array(values.length);
  let picture = values;
  for (let coupling = FIRST_COUPLING * cost; coupling < LAST_COUPLING; coupling *= 2) {
    sparseDivergence(picture, width, height, cost / coupling, divergence);
    fourier.forward(divergence, spectrum);
    for (let i = 0; i < length; i++) {
      const scale = 1 / (power[i]! + coupling * gradients[i]!);
      spectrum.re[i] = scale * (matched.re[i]! + coupling * spectrum.re[i]!);
      spectrum.im[i] = scale * (matched.im[i]! + coupling * spectrum.im[i]!);
    }
    scratch.re.set(spectrum.re);
    scratch.im.set(spectrum.im);
    picture = fourier.inverse(scratch, picture === values ? undefined : picture);
    yield values.length;
  }
  return spectrum;
}

/** What the gradients whose square is at least `least` come from: their negative divergence, wrapped around. */
function sparseDivergence(
  picture: Float32Array,
  width: number,
  height: number,
  least: number,
  divergence: Float32Array,
): void {
  divergence.fill(0);
  for (let y = 0, i = 0; y < height; y++) {
    const below = y + 1 < height ? width : width - picture.length;
    for (let x = 0; x < width; x++, i++) {
      const right = x + 1 < width ? 1 : 1 - width;
      const across = picture[i + right]! - picture[i]!;
      const down = picture[i + below]! - picture[i]!;
      if (across * across + down * down < least) continue;
      divergence[i]! -= across + down;
      divergence[i + right]! += across;
      divergence[i + below]! += down;
    }
  }
}

/** The kernel of `size` that best makes the gradients of the blurred picture of those of the sharp one. */
function fitKernel(
  fourier: Fourier,
  sharp: Spectrum,
  blurred: Spectrum,
  gradients: Float32Array,
  size: number,
): BlurKernel {
  const fit = fourier.spectrum();
  for (let i = 0; i < gradients.length; i++) {
    const a = sharp.re[i]!;
    const b = sharp.im[i]!;
    const c = blurred.re[i]!;
    const d = blurred.im[i]!;
    const scale = gradients[i]! / (gradients[i]! * (a * a + b * b) + RIDGE);
    fit.re[i] = scale * (a * c + b * d);
    fit.im[i] = scale * (a * d - b * c);
  }
  const { width, height } = fourier;
  const plane = fourier.inverse(fit);
  const radius = size >> 1;
  const weights = new Float32Array(size * size);
  for (let i = 0; i < weights.length; i++) weights[i] = plane[wrapped(i, size, radius, width, height)]!;
  return { size, weights };
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

/** The squared length of what taking gradients does to each frequency. */
export function gradientPower({ width, height, rows }: Fourier): Float32Array {
  const power = new Float32Array(width * rows);
  for (let x = 0, i = 0; x < width; x++)
    for (let y = 0; y < rows; y++, i++)
      power[i] = 4 * Math.sin((Math.PI * x) / width) ** 2 + 4 * Math.sin((Math.PI * y) / height) ** 2;
  return power;
}

/** Without weights, and pieces of path, too small to be told from noise; what is left sums to 1. */
function withoutNoise({ size, weights }: BlurKernel): BlurKernel {
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
function centred(kernel: BlurKernel): BlurKernel {
  const { size, weights } = kernel;
  let [x, y] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    x += weights[i]! * ((i % size) - (size >> 1));
    y += weights[i]! * (Math.floor(i / size) - (size >> 1));
  }
  return normalised(sampled(kernel, size, (column, row) => [column + x, row + y]));
}

function enlarged(kernel: BlurKernel, size: number): BlurKernel {
  const at = (place: number) => (place - (size >> 1)) * REDUCTION + (kernel.size >> 1);
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
function twoPixels(size: number): BlurKernel {
  const weights = new Float32Array(size * size);
  const middle = (size * size - 1) / 2;
  weights.fill(0.5, middle - 1, middle + 1);
  return { size, weights };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function reduced({ width, height, values }: Plane, scale: number): Plane {
  if (scale === 1) return { width, height, values };
  const small = resizePlane(Float64Array.from(values), width, height, scale);
  return { width: small.width, height: small.height, values: Float32Array.from(small.plane) };
}
