/** The exact GELU (Hendrycks and Gimpel 2016), x Phi(x), and its gradient, four values at a time. */
import { loadLanes, madd, storeLanes, toIntegers } from './lanes';

/**
 * The constants, in memory, for what `winograd-transforms.ts` says. exp(r) for |r| <= ln(2) / 2 is its Taylor series to
 * the seventh power; the tail of the normal distribution is Abramowitz and Stegun's 7.1.26, whose error is below 1.5e-7.
 */
function storeConstants(k: usize): void {
  store<f32>(k, 1.4426950408889634); // 1 / ln 2
  store<f32>(k, 0.693359375, 4); // ln 2, in two parts
  store<f32>(k, -2.12194440e-4, 8);
  store<f32>(k, 1.0 / 5040.0, 12);
  store<f32>(k, 1.0 / 720.0, 16);
  store<f32>(k, 1.0 / 120.0, 20);
  store<f32>(k, 1.0 / 24.0, 24);
  store<f32>(k, 1.0 / 6.0, 28);
  store<f32>(k, 0.5, 32);
  store<f32>(k, 1, 36);
  store<f32>(k, -87, 40);
  store<f32>(k, 0.3275911 * 0.7071067811865476, 44);
  store<f32>(k, 0.5 * 1.061405429, 48);
  store<f32>(k, 0.5 * -1.453152027, 52);
  store<f32>(k, 0.5 * 1.421413741, 56);
  store<f32>(k, 0.5 * -0.284496736, 60);
  store<f32>(k, 0.5 * 0.254829592, 64);
  store<f32>(k, 0.3989422804014327, 68); // 1 / sqrt(2 pi)
}



/** exp(x) of values not above 0. */
@inline
function exponential(x: v128, k: usize): v128 {
  x = f32x4.pmax(x, v128.load_splat<f32>(k, 40));
  const n = f32x4.nearest(f32x4.mul(x, v128.load_splat<f32>(k)));
  const r = f32x4.sub(
    f32x4.sub(x, f32x4.mul(n, v128.load_splat<f32>(k, 4))), f32x4.mul(n, v128.load_splat<f32>(k, 8)),
  );
  const one = v128.load_splat<f32>(k, 36);
  let p = madd(v128.load_splat<f32>(k, 12), r, v128.load_splat<f32>(k, 16));
  p = madd(p, r, v128.load_splat<f32>(k, 20));
  p = madd(p, r, v128.load_splat<f32>(k, 24));
  p = madd(p, r, v128.load_splat<f32>(k, 28));
  p = madd(p, r, v128.load_splat<f32>(k, 32));
  p = madd(p, r, one);
  p = madd(p, r, one);
  // 2^n is n added to the exponent.
  return i32x4.add(p, i32x4.shl(toIntegers(n), 23));
}

/** Phi(x), from exp(-x^2 / 2). */
@inline
function normal(x: v128, bell: v128, k: usize): v128 {
  const one = v128.load_splat<f32>(k, 36);
  const t = f32x4.div(one, madd(v128.load_splat<f32>(k, 44), f32x4.abs(x), one));
  let p = madd(v128.load_splat<f32>(k, 48), t, v128.load_splat<f32>(k, 52));
  p = madd(p, t, v128.load_splat<f32>(k, 56));
  p = madd(p, t, v128.load_splat<f32>(k, 60));
  p = madd(p, t, v128.load_splat<f32>(k, 64));
  const tail = f32x4.mul(f32x4.mul(p, t), bell);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

@inline
function bellOf(x: v128, k: usize): v128 {
  return exponential(f32x4.neg(f32x4.mul(f32x4.mul(x, x), v128.load_splat<f32>(k, 32))), k);
}

/** y = x Phi(x) of `count` values. */
export function gelu(x: usize, y: usize, count: i32, scratch: usize): void {
  storeConstants(scratch);
  for (; count > 0; count -= 4, x += 16, y += 16) {
    const value = loadLanes(x, count);
    storeLanes(y, f32x4.mul(value, normal(value, bellOf(value, scratch), scratch)), count);
  }
}

/** dx = dy (Phi(x) + x phi(x)). */
export function geluGradient(x: usize, dy: usize, dx: usize, count: i32, scratch: usize): void {
  storeConstants(scratch);
  for (; count > 0; count -= 4, x += 16, dy += 16, dx += 16) {
    const value = loadLanes(x, count), bell = bellOf(value, scratch);
    const density = f32x4.mul(bell, v128.load_splat<f32>(scratch, 68));
    const slope = madd(value, density, normal(value, bell, scratch));
    storeLanes(dx, f32x4.mul(loadLanes(dy, count), slope), count);
  }
}
