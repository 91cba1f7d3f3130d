/** 1x1 convolution with stride 1: one matrix product, some rows at a time. */
import { finish, padVector } from './epilogue';
import { multiply, packPanels } from './gemm';
import { copyPixels, padded } from './lanes';

/** Pixels worked on at a time, a multiple of four. */
const SEGMENT: i32 = 32;

/** Bytes of scratch memory `pointwiseConv` needs. */
export function pointwiseScratch(inChannels: i32, outChannels: i32): usize {
  const ci = padded(inChannels), co = padded(outChannels);
  return <usize>(2 * co + ci * co + SEGMENT * (ci + co)) << 2;
}

/**
 * y = activation(x w + bias).
 * @param x [pixels, inChannels]
 * @param w [inChannels, outChannels], or [outChannels, inChannels] when `turned`: gradient to the input
 * @param bias [outChannels] or 0 for none; `slope` (of prelu) likewise
 * @param y [pixels, outChannels]
 * @param scratch `pointwiseScratch(inChannels, outChannels)` bytes
 */
export function pointwiseConv(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  pixels: i32, inChannels: i32, outChannels: i32, activation: i32, turned: bool, scratch: usize,
): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const alpha = scratch + (<usize>co << 2);
  const panels = alpha + (<usize>co << 2);
  const rows = panels + (<usize>(ci * co) << 2);
  const products = rows + (<usize>(SEGMENT * ci) << 2);
  const pixel = <usize>outChannels << 2;
  padVector(bias, scratch, outChannels);
  padVector(slope, alpha, outChannels);
  packPanels(w, panels, inChannels, outChannels, turned);
  for (let first = 0; first < pixels; first += SEGMENT) {
    const count = min(SEGMENT, pixels - first);
    const step = <usize>inChannels << 2;
    let from = x + <usize>first * step;
    // A part segment is copied too: products are of four rows each, and the image may be the last thing in
    // memory.
    if (ci != inChannels || count < SEGMENT) {
      copyPixels(from, step, rows, count, inChannels);
      from = rows;
    }
    multiply(from, panels, products, count, ci, co);
    let to = y + <usize>first * pixel;
    for (let row = products, end = products + (<usize>(count * co) << 2); row < end; row += <usize>co << 2) {
      for (let c = 0; c < outChannels; c += 4) {
        const at = <usize>c << 2;
        const value = f32x4.add(v128.load(row + at), v128.load(scratch + at));
        finish(value, to + at, v128.load(alpha + at), activation, outChannels - c);
      }
      to += pixel;
    }
  }
}
