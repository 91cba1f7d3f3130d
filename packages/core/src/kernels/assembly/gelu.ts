/**
 * The exact GELU (Hendrycks and Gimpel 2016), x Phi(x), alone and in a gate (Zamir et al. 2022), and their gradients,
 * four values at a time.
 */
import { EXPONENTIAL, exponential, storeExponential } from './exponential';
import { loadLanes, madd, storeLanes } from './lanes';

/** Bytes of scratch memory all functions need. */
export function geluScratch(): usize {
  return EXPONENTIAL + 56;
}

/**
 * The constants, in memory, for what `winograd-transforms.ts` says: Phi(x) - 1/2 = x P(x^2) / Q(x^2) up to 5.25, where it
 * reaches 1/2. Of all such fractions it has the least largest error, 1e-7.
 */
function storeConstants(k: usize): void {
  storeExponential(k);
  k += EXPONENTIAL;
  store<f32>(k, 5.25 * 5.25);
  store<f32>(k, -1.68465091e-8, 4);
  store<f32>(k, 5.68201394e-6, 8);
  store<f32>(k, 4.37365987e-4, 12);
  store<f32>(k, 0.00624683115, 16);
  store<f32>(k, 0.0626802485, 20);
  store<f32>(k, 0.398941672, 24);
  store<f32>(k, 1.47036144e-4, 28);
  store<f32>(k, 0.00340230577, 32);
  store<f32>(k, 0.0446392577, 36);
  store<f32>(k, 0.323772735, 40);
  store<f32>(k, 1, 44);
  store<f32>(k, 0.5, 48);
  store<f32>(k, 0.3989422804014327, 52); // 1 / sqrt(2 pi)
}

/** Phi(x). */
@inline
function normal(x: v128, k: usize): v128 {
  k += EXPONENTIAL;
  const z = f32x4.pmin(f32x4.mul(x, x), v128.load_splat<f32>(k));
  let p = madd(v128.load_splat<f32>(k, 4), z, v128.load_splat<f32>(k, 8));
  let q = madd(v128.load_splat<f32>(k, 28), z, v128.load_splat<f32>(k, 32));
  p = madd(p, z, v128.load_splat<f32>(k, 12));
  q = madd(q, z, v128.load_splat<f32>(k, 36));
  p = madd(p, z, v128.load_splat<f32>(k, 16));
  q = madd(q, z, v128.load_splat<f32>(k, 40));
  p = madd(p, z, v128.load_splat<f32>(k, 20));
  q = madd(q, z, v128.load_splat<f32>(k, 44));
  p = madd(p, z, v128.load_splat<f32>(k, 24));
  const half = v128.load_splat<f32>(k, 48);
  const off = f32x4.div(f32x4.mul(x, p), q);
  return f32x4.add(half, f32x4.pmax(f32x4.neg(half), f32x4.pmin(off, half)));
}

/** The derivative of x Phi(x), where `share` is Phi(x): Phi(x) + x phi(x). */
@inline
function slopeOf(x: v128, share: v128, k: usize): v128 {
  const half = v128.load_splat<f32>(k + EXPONENTIAL, 48);
  const bell = exponential(f32x4.neg(f32x4.mul(f32x4.mul(x, x), half)), k);
  return madd(x, f32x4.mul(bell, v128.load_splat<f32>(k + EXPONENTIAL, 52)), share);
}

/** y = x Phi(x) of `count` values. */
export function gelu(x: usize, y: usize, count: i32, scratch: usize): void {
  storeConstants(scratch);
  for (; count > 0; count -= 4, x += 16, y += 16) {
    const value = loadLanes(x, count);
    storeLanes(y, f32x4.mul(value, normal(value, scratch)), count);
  }
}

/** dx = dy (Phi(x) + x phi(x)). */
export function geluGradient(x: usize, dy: usize, dx: usize, count: i32, scratch: usize): void {
  storeConstants(scratch);
  for (; count > 0; count -= 4, x += 16, dy += 16, dx += 16) {
    const value = loadLanes(x, count);
    storeLanes(dx, f32x4.mul(loadLanes(dy, count), slopeOf(value, normal(value, scratch), scratch)), count);
  }
}

/**
 * y = f(a) b, where a and b are the halves of each row of x, and f the identity or, `curved`, the GELU.
 * @param x [rows, 2 * channels]
 * @param y [rows, channels]
 */
export function gate(x: usize, y: usize, rows: i32, channels: i32, curved: bool, scratch: usize): void {
  storeConstants(scratch);
  const half = <usize>channels << 2;
  for (; rows > 0; rows--, x += 2 * half, y += half) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = channels - c;
      let value = loadLanes(x + at, lanes);
      if (curved) value = f32x4.mul(value, normal(value, scratch));
      storeLanes(y + at, f32x4.mul(value, loadLanes(x + half + at, lanes)), lanes);
    }
  }
}

/** da = dy b f'(a) and db = dy f(a), side by side in the rows of dx. */
export function gateGradient(
  x: usize, dy: usize, dx: usize, rows: i32, channels: i32, curved: bool, scratch: usize,
): void {
  storeConstants(scratch);
  const half = <usize>channels << 2;
  for (; rows > 0; rows--, x += 2 * half, dx += 2 * half, dy += half) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = channels - c;
      const a = loadLanes(x + at, lanes), b = loadLanes(x + half + at, lanes), gradient = loadLanes(dy + at, lanes);
      let value = a, inner = f32x4.mul(gradient, b);
      if (curved) {
        const share = normal(a, scratch);
        value = f32x4.mul(a, share);
        inner = f32x4.mul(inner, slopeOf(a, share, scratch));
      }
      storeLanes(dx + at, inner, lanes);
      storeLanes(dx + half + at, f32x4.mul(gradient, value), lanes);
    }
  }
}
