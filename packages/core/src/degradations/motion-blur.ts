import * as z from 'zod';
import type { Random } from '../random.ts';
import { mirrored } from '../resize/bicubic.ts';
import type { ImmediateDegradation } from './degradation.ts';
import { fromLight, toLight } from './light.ts';
import { drawFrom, highest, rangeOf } from './range.ts';

/** Settings of blur by a hand that shakes. */
export const MotionBlurSettings = z.strictObject({
  kind: z.literal('motion-blur'),
  /** How far the camera travels while the shutter is open, in pixels: one value, or a range. */
  travel: rangeOf(z.number().min(0).max(100)).default([0, 30]),
  /** How much the path bends: 0 is a straight line, 1 turns at random. */
  shake: rangeOf(z.number().min(0).max(1)).default([0, 0.6]),
  /** Standard deviation of the sensor's noise, 0..255, added after the blur. */
  sigma: rangeOf(z.number().min(0).max(255)).default([0, 2]),
});
export type MotionBlurSettings = z.infer<typeof MotionBlurSettings>;

/** The weights with which shifted copies of an image add up to its blurred version; they sum to 1. */
export interface BlurKernel {
  /** Odd. */
  size: number;
  /** `size * size`, row by row. */
  weights: Float32Array;
}

/**
 * Blurs as a shaking camera does: the image moves along a random path while the shutter is open, and light, not its
 * gamma-compressed value, adds up (with a gamma of 2.2). Beyond the edge the image is mirrored. Then sensor noise,
 * and clipping to 0..1.
 */
export function motionBlur(settings: Omit<MotionBlurSettings, 'kind'>): ImmediateDegradation {
  return {
    // A straight path reaches half its length either way, and its length varies by a pixel or two.
    reach: Math.ceil(highest(settings.travel) / 2) + 2,
    apply(pixels, width, height, random) {
      const kernel = shakeKernel(drawFrom(settings.travel, random), drawFrom(settings.shake, random), random);
      const sigma = drawFrom(settings.sigma, random);
      const blurred = convolve(toLight(pixels), width, height, kernel);
      for (let i = 0; i < blurred.length; i++) {
        const noisy = fromLight(blurred[i]!) + (sigma ? (sigma / 255) * random.normal() : 0);
        blurred[i] = Math.min(Math.max(noisy, 0), 1);
      }
      return blurred;
    },
  };
}

/**
 * The kernel of a random camera path: a particle whose direction turns by a random walk and whose speed varies, its
 * position splatted bilinearly (a simpler relative of Boracchi and Foi 2012). Centred on its centre of mass, so that
 * the blurred image is not displaced.
 *
 * @param travel length of the path in pixels; 0 gives the identity
 * @param shake 0..1: the direction turns by about `shake` radians for each pixel travelled
 */
export function shakeKernel(travel: number, shake: number, random: Random): BlurKernel {
  const stepLength = 0.25;
  const steps = Math.round(travel / stepLength);
  const path: [number, number][] = [[0, 0]];
  let direction = random.uniform(0, 2 * Math.PI);
  for (let step = 0; step < steps; step++) {
    direction += shake * Math.sqrt(stepLength) * random.normal();
    const [x, y] = path.at(-1)!;
    const length = stepLength * random.uniform(0.5, 1.5);
    path.push([x + length * Math.cos(direction), y + length * Math.sin(direction)]);
  }
  const centre = [0, 1].map((axis) => path.reduce((sum, point) => sum + point[axis]!, 0) / path.length);
  const offsets = path.map(([x, y]): [number, number] => [x - centre[0]!, y - centre[1]!]);
  const radius = Math.ceil(Math.max(...offsets.flat().map(Math.abs)));
  const size = 2 * radius + 3;
  const weights = new Float32Array(size * size);
  for (const [x, y] of offsets) {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const [fx, fy] = [x - column, y - row];
    const at = (row + radius + 1) * size + column + radius + 1;
    const share = 1 / path.length;
    weights[at]! += share * (1 - fx) * (1 - fy);
    weights[at + 1]! += share * fx * (1 - fy);
    weights[at + size]! += share * (1 - fx) * fy;
    weights[at + size + 1]! += share * fx * fy;
  }
  return { size, weights };
}

function convolve(
  pixels: Float32Array,
  width: number,
  height: number,
  { size, weights }: BlurKernel,
): Float32Array {
  const radius = (size - 1) / 2;
  const padded = padMirrored(pixels, width, height, radius);
  const stride = 3 * (width + 2 * radius);
  const blurred = new Float32Array(pixels.length);
  for (const [index, weight] of weights.entries()) {
    if (weight === 0) continue;
    const offset = Math.floor(index / size) * stride + (index % size) * 3;
    for (let y = 0, to = 0; y < height; y++) {
      const start = offset + y * stride;
      for (let from = start, end = start + 3 * width; from < end; from++)
        blurred[to++]! += weight * padded[from]!;
    }
  }
  return blurred;
}

/** Interleaved RGB with `radius` more pixels on each side, mirrored at the edge. */
function padMirrored(pixels: Float32Array, width: number, height: number, radius: number): Float32Array {
  const columns = Array.from({ length: width + 2 * radius }, (_, x) => 3 * mirrored(x - radius, width));
  const padded = new Float32Array(3 * columns.length * (height + 2 * radius));
  let to = 0;
  for (let y = -radius; y < height + radius; y++) {
    const row = 3 * width * mirrored(y, height);
    for (const column of columns) {
      padded[to++] = pixels[row + column]!;
      padded[to++] = pixels[row + column + 1]!;
      padded[to++] = pixels[row + column + 2]!;
    }
  }
  return padded;
}
