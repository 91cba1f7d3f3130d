/** The two steps by which `deconvolution/estimate.ts` finds the picture with the fewest gradients, four values at a time. */
import { madd } from './lanes';

/**
 * The negative divergence of the gradients whose square is at least `least`, wrapped around.
 * @param picture, divergence [height][width], a multiple of 4
 * @param scratch of 3 * width + 4 floats
 */
export function sparseDivergence(
  picture: usize, divergence: usize, width: i32, height: i32, least: f32, scratch: usize,
): void {
  const row = <usize>width << 2, first = picture, bottom = picture + <usize>(height - 1) * row;
  const across = scratch + 16;
  let above = across + row, down = above + row;
  sparseRow(bottom, first, row, least, across, above);
  for (; picture <= bottom; picture += row, divergence += row) {
    sparseRow(picture, picture == bottom ? first : picture + row, row, least, across, down);
    store<f32>(across - 4, load<f32>(across + row - 4));
    for (let x: usize = 0; x < row; x += 16) {
      const here = f32x4.sub(v128.load(across + x - 4), v128.load(across + x));
      v128.store(divergence + x, f32x4.add(here, f32x4.sub(v128.load(above + x), v128.load(down + x))));
    }
    const spare = above;
    above = down;
    down = spare;
  }
}

/** What the gradients of a row are, where they are not too small. */
@inline
function sparseRow(from: usize, below: usize, row: usize, least: f32, across: usize, down: usize): void {
  const limit = f32x4.splat(least);
  for (let x: usize = 0; x < row; x += 16) {
    const here = v128.load(from + x);
    const next = x + 16 < row ? load<f32>(from + x + 16) : load<f32>(from);
    const right = v128.shuffle<i32>(here, f32x4.splat(next), 1, 2, 3, 4);
    const a = f32x4.sub(right, here), d = f32x4.sub(v128.load(below + x), here);
    const kept = f32x4.ge(madd(a, a, f32x4.mul(d, d)), limit);
    v128.store(across + x, v128.and(a, kept));
    v128.store(down + x, v128.and(d, kept));
  }
}

/** spectrum = (matched + coupling spectrum) / (power + coupling gradients), of `count` values, a multiple of 4. */
export function coupleSpectra(
  re: usize, im: usize, matchedRe: usize, matchedIm: usize, power: usize, gradients: usize, coupling: f32, count: i32,
): void {
  const by = f32x4.splat(coupling), one = f32x4.splat(1);
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 16) {
    const scale = f32x4.div(one, madd(by, v128.load(gradients + i), v128.load(power + i)));
    v128.store(re + i, f32x4.mul(scale, madd(by, v128.load(re + i), v128.load(matchedRe + i))));
    v128.store(im + i, f32x4.mul(scale, madd(by, v128.load(im + i), v128.load(matchedIm + i))));
  }
}
