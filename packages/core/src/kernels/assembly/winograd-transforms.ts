/**
 * The one-dimensional transforms of Winograd's F(4x4, 3x3), four channels at a time.
 *
 * The matrices come from polynomials evaluated at 0, +-sqrt(1/2), +-sqrt(2) and infinity, scaled so that most
 * of their entries are powers of two. Rounding errors are half of those at the usual 0, +-1, +-2 and
 * infinity, the largest a fifth.
 *
 *         |1   0  -5/2  0  1  0|        |  1    0    0  |         | 1  v   v   r   r   0|
 *         |0  -v   -2   r  1  0|        |-2u  -1/3  -u  |         | 0  1  -1   1  -1   0|
 *   B^T = |0   v   -2  -r  1  0|    G = |-2u   1/3  -u  |   A^T = | 0  r   r   v   v   0|
 *         |0  -r  -1/2  v  1  0|        |  u   1/3  2u  |         | 0 1/2 -1/2 2  -2   1|
 *         |0   r  -1/2 -v  1  0|        |  u  -1/3  2u  |
 *         |0   1   0  -5/2 0  1|        |  0    0    1  |
 *
 * with v = sqrt(2), r = sqrt(1/2), u = sqrt(2) / 6.
 */
import { madd, storeLanes } from './lanes';

export const SQRT2: f32 = 1.4142135623730951;
export const SQRT1_2: f32 = 0.7071067811865476;

/** B^T applied to six vectors. */
@inline
export function inputTransform(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, stride: usize,
): void {
  const outer = f32x4.splat(-2.5), two = f32x4.splat(-2), half = f32x4.splat(-0.5);
  const near = f32x4.splat(SQRT1_2), far = f32x4.splat(SQRT2);
  const a = madd(two, d2, d4), b = f32x4.mul(near, madd(two, d1, d3));
  const c = madd(half, d2, d4), e = f32x4.mul(far, madd(half, d1, d3));
  v128.store(to, madd(outer, d2, f32x4.add(d0, d4)));
  v128.store(to + stride, f32x4.add(a, b));
  v128.store(to + 2 * stride, f32x4.sub(a, b));
  v128.store(to + 3 * stride, f32x4.add(c, e));
  v128.store(to + 4 * stride, f32x4.sub(c, e));
  v128.store(to + 5 * stride, madd(outer, d3, f32x4.add(d1, d5)));
}

/** G applied to three vectors. */
@inline
export function filterTransform(g0: v128, g1: v128, g2: v128, to: usize, stride: usize): void {
  const u = f32x4.splat(SQRT2 / 6), twice = f32x4.splat(SQRT2 / 3);
  const middle = f32x4.mul(f32x4.splat(1.0 / 3.0), g1);
  const near = madd(twice, g0, f32x4.mul(u, g2)), far = madd(twice, g2, f32x4.mul(u, g0));
  v128.store(to, g0);
  v128.store(to + stride, f32x4.neg(f32x4.add(near, middle)));
  v128.store(to + 2 * stride, f32x4.sub(middle, near));
  v128.store(to + 3 * stride, f32x4.add(far, middle));
  v128.store(to + 4 * stride, f32x4.sub(far, middle));
  v128.store(to + 5 * stride, g2);
}

/** A^T of the columns of one tile of four channels: 6x6 vectors at `from`, 4x6 at `work`. */
@inline
export function outputColumns(from: usize, stride: usize, work: usize): void {
  const near = f32x4.splat(SQRT1_2), far = f32x4.splat(SQRT2), half = f32x4.splat(0.5), two = f32x4.splat(2);
  for (let x = 0; x < 6; x++) {
    const m1 = v128.load(from + 6 * stride), m2 = v128.load(from + 12 * stride);
    const m3 = v128.load(from + 18 * stride), m4 = v128.load(from + 24 * stride);
    const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
    v128.store(work, madd(far, s, madd(near, t, v128.load(from))));
    v128.store(work, f32x4.add(d, e), 96);
    v128.store(work, madd(near, s, f32x4.mul(far, t)), 192);
    v128.store(work, madd(half, d, madd(two, e, v128.load(from + 30 * stride))), 288);
    from += stride;
    work += 16;
  }
}

/** A applied to four vectors. */
@inline
export function gradientTransform(z0: v128, z1: v128, z2: v128, z3: v128, to: usize, stride: usize): void {
  const near = f32x4.splat(SQRT1_2), far = f32x4.splat(SQRT2);
  const a = madd(far, z0, f32x4.mul(near, z2)), b = madd(f32x4.splat(0.5), z3, z1);
  const c = madd(near, z0, f32x4.mul(far, z2)), e = madd(f32x4.splat(2), z3, z1);
  v128.store(to, z0);
  v128.store(to + stride, f32x4.add(a, b));
  v128.store(to + 2 * stride, f32x4.sub(a, b));
  v128.store(to + 3 * stride, f32x4.add(c, e));
  v128.store(to + 4 * stride, f32x4.sub(c, e));
  v128.store(to + 5 * stride, z3);
}

/** G^T applied to six vectors. */
@inline
export function filterGradientTransform(from: usize, stride: usize, to: usize, step: usize, lanes: i32): void {
  const m1 = v128.load(from + stride), m2 = v128.load(from + 2 * stride);
  const m3 = v128.load(from + 3 * stride), m4 = v128.load(from + 4 * stride);
  const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
  const u = f32x4.splat(SQRT2 / 6), twice = f32x4.splat(SQRT2 / 3);
  const first = f32x4.sub(f32x4.mul(u, t), f32x4.mul(twice, s));
  const last = f32x4.sub(f32x4.mul(twice, t), f32x4.mul(u, s));
  storeLanes(to, f32x4.add(v128.load(from), first), lanes);
  storeLanes(to + step, f32x4.mul(f32x4.splat(1.0 / 3.0), f32x4.sub(e, d)), lanes);
  storeLanes(to + 2 * step, f32x4.add(v128.load(from + 5 * stride), last), lanes);
}
