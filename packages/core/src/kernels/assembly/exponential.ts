/** The exponential function, four values at a time. */
import { madd, nmadd, toIntegers } from './lanes';

/** Bytes of the constants. */
export const EXPONENTIAL: usize = 40;

/**
 * The constants, in memory, for what `winograd-transforms.ts` says: exp(r) for |r| <= ln(2) / 2 is the polynomial of the
 * fifth power whose largest relative error is least, 8e-8.
 */
export function storeExponential(k: usize): void {
  store<f32>(k, 1.4426950408889634); // 1 / ln 2
  store<f32>(k, 0.693359375, 4); // ln 2, in two parts
  store<f32>(k, -2.12194440e-4, 8);
  store<f32>(k, 0.0082975828, 12);
  store<f32>(k, 0.0419158766, 16);
  store<f32>(k, 0.166675784, 20);
  store<f32>(k, 0.499988905, 24);
  store<f32>(k, 0.99999969, 28);
  store<f32>(k, 1.00000007, 32);
  store<f32>(k, -87, 36);
}

/** exp(x) of values not above 0. */
@inline
export function exponential(x: v128, k: usize): v128 {
  x = f32x4.pmax(x, v128.load_splat<f32>(k, 36));
  const n = f32x4.nearest(f32x4.mul(x, v128.load_splat<f32>(k)));
  const r = nmadd(n, v128.load_splat<f32>(k, 8), nmadd(n, v128.load_splat<f32>(k, 4), x));
  let p = madd(v128.load_splat<f32>(k, 12), r, v128.load_splat<f32>(k, 16));
  p = madd(p, r, v128.load_splat<f32>(k, 20));
  p = madd(p, r, v128.load_splat<f32>(k, 24));
  p = madd(p, r, v128.load_splat<f32>(k, 28));
  p = madd(p, r, v128.load_splat<f32>(k, 32));
  // 2^n is n added to the exponent.
  return i32x4.add(p, i32x4.shl(toIntegers(n), 23));
}
