import type { BlurKernel } from '../degradations/motion-blur.ts';
import { resizePlane } from '../resize/bicubic.ts';
import { Fourier, gradientPower, type Spectrum } from './fourier.ts';
import { centred, enlarged, placed, taken, twoPixels, withoutNoise } from './kernel.ts';
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

/**
 * Finds the kernel that blurred a whole picture, from nothing but the picture: the one that leaves it the fewest
 * gradients. From coarse to fine, picture and kernel are found by turns: the picture by minimising
 *
 *   |k * x - y|^2 + cost * (number of gradients of x that are not 0)
 *
 * through half-quadratic splitting, after Xu, Zheng and Jia, "Unnatural L0 sparse representation for natural image
 * deblurring" (CVPR 2013); the kernel by least squares of gradients. What is cut from the kernel between turns, the
 * surroundings and the numbers are ours; these were chosen on 40 photographs of BSDS500's train folder.
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
    kernel = kernel ? enlarged(kernel, size, 1 / REDUCTION) : twoPixels(size);
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
  return taken(fourier.inverse(fit), fourier.width, fourier.height, size);
}

function reduced({ width, height, values }: Plane, scale: number): Plane {
  if (scale === 1) return { width, height, values };
  const small = resizePlane(Float64Array.from(values), width, height, scale);
  return { width: small.width, height: small.height, values: Float32Array.from(small.plane) };
}
