/**
 * Fourier transforms, four columns at a time: what `deconvolution/passes.ts` does where there is no WebAssembly, and what
 * takes most of the time of a deconvolution.
 */
import { madd, nmadd } from './lanes';

/**
 * A pass of Stockham's: each group of `radix` runs of values, which lie `count` runs apart, becomes as many side by side.
 * @param run a multiple of 4
 * @param turns of each group the cosine and sine of its angle, and of the multiples of it, up to `radix` - 1
 */
export function fourierPass(
  re: usize, im: usize, toRe: usize, toIm: usize, radix: i32, count: i32, run: i32, turns: usize,
): void {
  const bytes = <usize>run << 2;
  if (radix == 4) fours(re, im, toRe, toIm, count, bytes, turns);
  else if (radix == 3) threes(re, im, toRe, toIm, count, bytes, turns);
  else twos(re, im, toRe, toIm, count, bytes, turns);
}

/** Stores (re + i im)(c + i s). */
@inline
function storeTurned(toRe: usize, toIm: usize, re: v128, im: v128, turn: usize): void {
  const c = v128.load_splat<f32>(turn), s = v128.load_splat<f32>(turn, 4);
  v128.store(toRe, nmadd(im, s, f32x4.mul(re, c)));
  v128.store(toIm, madd(im, c, f32x4.mul(re, s)));
}

function twos(re: usize, im: usize, toRe: usize, toIm: usize, count: i32, run: usize, turns: usize): void {
  const step = <usize>count * run;
  for (; count > 0; count--, turns += 8, toRe += run, toIm += run) {
    for (const end = re + run; re != end; re += 16, im += 16, toRe += 16, toIm += 16) {
      const ar = v128.load(re), ai = v128.load(im), br = v128.load(re + step), bi = v128.load(im + step);
      v128.store(toRe, f32x4.add(ar, br));
      v128.store(toIm, f32x4.add(ai, bi));
      storeTurned(toRe + run, toIm + run, f32x4.sub(ar, br), f32x4.sub(ai, bi), turns);
    }
  }
}

function threes(re: usize, im: usize, toRe: usize, toIm: usize, count: i32, run: usize, turns: usize): void {
  const step = <usize>count * run;
  for (; count > 0; count--, turns += 16, toRe += 2 * run, toIm += 2 * run) {
    const half = f32x4.splat(0.5), height = f32x4.splat(0.8660254037844386); // of a triangle of side 1
    for (const end = re + run; re != end; re += 16, im += 16, toRe += 16, toIm += 16) {
      const ar = v128.load(re), br = v128.load(re + step), cr = v128.load(re + 2 * step);
      const ai = v128.load(im), bi = v128.load(im + step), ci = v128.load(im + 2 * step);
      const sumRe = f32x4.add(br, cr), sumIm = f32x4.add(bi, ci);
      const turnedRe = f32x4.mul(height, f32x4.sub(bi, ci)), turnedIm = f32x4.mul(height, f32x4.sub(cr, br));
      const middleRe = nmadd(half, sumRe, ar), middleIm = nmadd(half, sumIm, ai);
      v128.store(toRe, f32x4.add(ar, sumRe));
      v128.store(toIm, f32x4.add(ai, sumIm));
      storeTurned(toRe + run, toIm + run, f32x4.add(middleRe, turnedRe), f32x4.add(middleIm, turnedIm), turns);
      storeTurned(
        toRe + 2 * run, toIm + 2 * run, f32x4.sub(middleRe, turnedRe), f32x4.sub(middleIm, turnedIm), turns + 8,
      );
    }
  }
}

function fours(re: usize, im: usize, toRe: usize, toIm: usize, count: i32, run: usize, turns: usize): void {
  const step = <usize>count * run;
  for (; count > 0; count--, turns += 24, toRe += 3 * run, toIm += 3 * run) {
    for (const end = re + run; re != end; re += 16, im += 16, toRe += 16, toIm += 16) {
      const ar = v128.load(re), br = v128.load(re + step), cr = v128.load(re + 2 * step), dr = v128.load(re + 3 * step);
      const ai = v128.load(im), bi = v128.load(im + step), ci = v128.load(im + 2 * step), di = v128.load(im + 3 * step);
      const evenRe = f32x4.add(ar, cr), oddRe = f32x4.sub(ar, cr), sumRe = f32x4.add(br, dr), turnedRe = f32x4.sub(bi, di);
      const evenIm = f32x4.add(ai, ci), oddIm = f32x4.sub(ai, ci), sumIm = f32x4.add(bi, di), turnedIm = f32x4.sub(dr, br);
      v128.store(toRe, f32x4.add(evenRe, sumRe));
      v128.store(toIm, f32x4.add(evenIm, sumIm));
      storeTurned(toRe + run, toIm + run, f32x4.add(oddRe, turnedRe), f32x4.add(oddIm, turnedIm), turns);
      storeTurned(toRe + 2 * run, toIm + 2 * run, f32x4.sub(evenRe, sumRe), f32x4.sub(evenIm, sumIm), turns + 8);
      storeTurned(toRe + 3 * run, toIm + 3 * run, f32x4.sub(oddRe, turnedRe), f32x4.sub(oddIm, turnedIm), turns + 16);
    }
  }
}

/**
 * Stores the columns a, b, c, d as rows: the first at `to`, the others, unless it is `alone`, from `next` on, `step` bytes
 * apart.
 */
@inline
function storeTransposed(
  to: usize, next: usize, step: usize, alone: bool, a: v128, b: v128, c: v128, d: v128,
): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  if (alone) return;
  const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(next, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(next + step, v128.shuffle<i64>(ef, gh, 0, 2));
  v128.store(next + 2 * step, v128.shuffle<i64>(ef, gh, 1, 3));
}

/** Stores the rows a, b, c, d as columns. */
@inline
function storeColumns(to: usize, stride: usize, a: v128, b: v128, c: v128, d: v128): void {
  storeTransposed(to, to + stride, stride, false, a, b, c, d);
}

/**
 * Takes the spectra of real columns apart that went through as complex ones, and transposes them.
 * @param re, im [height][half]
 * @param toRe, toIm [2 * half][height / 2 + 4], of which the last three repeat the one before
 */
export function unfoldSpectra(re: usize, im: usize, toRe: usize, toIm: usize, half: i32, height: i32): void {
  const row = <usize>half << 2, column = <usize>(height / 2 + 4) << 2;
  const last = height / 2, across = <usize>half * column, scale = f32x4.splat(0.5);
  for (let y = 0; y <= last; y += 4) {
    const y1 = min(y + 1, last), y2 = min(y + 2, last), y3 = min(y + 3, last);
    const h0 = <usize>y * row, h1 = <usize>y1 * row, h2 = <usize>y2 * row, h3 = <usize>y3 * row;
    const t0 = <usize>((height - y) % height) * row, t1 = <usize>(height - y1) * row;
    const t2 = <usize>(height - y2) * row, t3 = <usize>(height - y3) * row;
    for (let x: usize = 0, to = <usize>y << 2; x < row; x += 16, to += 4 * column) {
      const a0 = f32x4.mul(scale, v128.load(re + h0 + x)), b0 = f32x4.mul(scale, v128.load(re + t0 + x));
      const a1 = f32x4.mul(scale, v128.load(re + h1 + x)), b1 = f32x4.mul(scale, v128.load(re + t1 + x));
      const a2 = f32x4.mul(scale, v128.load(re + h2 + x)), b2 = f32x4.mul(scale, v128.load(re + t2 + x));
      const a3 = f32x4.mul(scale, v128.load(re + h3 + x)), b3 = f32x4.mul(scale, v128.load(re + t3 + x));
      storeColumns(toRe + to, column, f32x4.add(a0, b0), f32x4.add(a1, b1), f32x4.add(a2, b2), f32x4.add(a3, b3));
      storeColumns(toIm + across + to, column, f32x4.sub(b0, a0), f32x4.sub(b1, a1), f32x4.sub(b2, a2), f32x4.sub(b3, a3));
      const c0 = f32x4.mul(scale, v128.load(im + h0 + x)), d0 = f32x4.mul(scale, v128.load(im + t0 + x));
      const c1 = f32x4.mul(scale, v128.load(im + h1 + x)), d1 = f32x4.mul(scale, v128.load(im + t1 + x));
      const c2 = f32x4.mul(scale, v128.load(im + h2 + x)), d2 = f32x4.mul(scale, v128.load(im + t2 + x));
      const c3 = f32x4.mul(scale, v128.load(im + h3 + x)), d3 = f32x4.mul(scale, v128.load(im + t3 + x));
      storeColumns(toIm + to, column, f32x4.sub(c0, d0), f32x4.sub(c1, d1), f32x4.sub(c2, d2), f32x4.sub(c3, d3));
      storeColumns(toRe + across + to, column, f32x4.add(c0, d0), f32x4.add(c1, d1), f32x4.add(c2, d2), f32x4.add(c3, d3));
    }
  }
}

/**
 * The opposite of `unfoldSpectra`: two spectra of real columns as one of complex ones, times `scale`.
 * @param re, im [2 * half][height / 2 + 4]
 * @param toRe, toIm [height][half]
 */
export function foldSpectra(
  re: usize, im: usize, toRe: usize, toIm: usize, half: i32, height: i32, scale: f32,
): void {
  const row = <usize>half << 2, column = <usize>(height / 2 + 4) << 2, across = <usize>half * column;
  const last = height / 2, by = f32x4.splat(scale);
  for (let y = 0; y <= last; y += 4) {
    const alone = y == last, here = <usize>y * row, there = <usize>((height - y) % height) * row;
    // Upwards from `there`, but that the row above the first is the last.
    const up = y == 0 ? <usize>(height - 1) * row : there - row;
    for (let x: usize = 0, from = <usize>y << 2; x < row; x += 16, from += 4 * column) {
      const a = from, b = a + column, c = b + column, d = c + column;
      const a0 = f32x4.mul(by, v128.load(re + a)), a1 = f32x4.mul(by, v128.load(im + across + a));
      const b0 = f32x4.mul(by, v128.load(re + b)), b1 = f32x4.mul(by, v128.load(im + across + b));
      const c0 = f32x4.mul(by, v128.load(re + c)), c1 = f32x4.mul(by, v128.load(im + across + c));
      const d0 = f32x4.mul(by, v128.load(re + d)), d1 = f32x4.mul(by, v128.load(im + across + d));
      storeTransposed(
        toRe + there + x, toRe + up + x, 0 - row, alone,
        f32x4.add(a0, a1), f32x4.add(b0, b1), f32x4.add(c0, c1), f32x4.add(d0, d1),
      );
      storeTransposed(
        toRe + here + x, toRe + here + row + x, row, alone,
        f32x4.sub(a0, a1), f32x4.sub(b0, b1), f32x4.sub(c0, c1), f32x4.sub(d0, d1),
      );
      const e0 = f32x4.mul(by, v128.load(im + a)), e1 = f32x4.mul(by, v128.load(re + across + a));
      const f0 = f32x4.mul(by, v128.load(im + b)), f1 = f32x4.mul(by, v128.load(re + across + b));
      const g0 = f32x4.mul(by, v128.load(im + c)), g1 = f32x4.mul(by, v128.load(re + across + c));
      const h0 = f32x4.mul(by, v128.load(im + d)), h1 = f32x4.mul(by, v128.load(re + across + d));
      storeTransposed(
        toIm + there + x, toIm + up + x, 0 - row, alone,
        f32x4.sub(e1, e0), f32x4.sub(f1, f0), f32x4.sub(g1, g0), f32x4.sub(h1, h0),
      );
      storeTransposed(
        toIm + here + x, toIm + here + row + x, row, alone,
        f32x4.add(e0, e1), f32x4.add(f0, f1), f32x4.add(g0, g1), f32x4.add(h0, h1),
      );
    }
  }
}
