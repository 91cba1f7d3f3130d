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
import { madd, nmadd, storeLanes } from './lanes';

const SQRT2: f32 = 1.4142135623730951;

/**
 * The matrices' entries lie in memory, at an address that every transform is given: V8 builds a vector constant
 * from integers anew wherever it is used, which takes several times as long as loading it.
 */
export function storeConstants(to: usize): void {
  store<f32>(to, 0.7071067811865476);
  store<f32>(to, SQRT2, 4);
  store<f32>(to, 0.5, 8);
  store<f32>(to, 2, 12);
  store<f32>(to, -2.5, 16);
  store<f32>(to, SQRT2 / 6, 20);
  store<f32>(to, SQRT2 / 3, 24);
  store<f32>(to, 1.0 / 3.0, 28);
}

/** B^T applied to six vectors. */
@inline
export function inputTransform(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, stride: usize, k: usize,
): void {
  const outer = v128.load_splat<f32>(k, 16), two = v128.load_splat<f32>(k, 12), half = v128.load_splat<f32>(k, 8);
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  v128.store(to, madd(outer, d2, f32x4.add(d0, d4)));
  v128.store(to + 5 * stride, madd(outer, d3, f32x4.add(d1, d5)));
  const a = nmadd(two, d2, d4), b = f32x4.mul(near, nmadd(two, d1, d3));
  v128.store(to + stride, f32x4.add(a, b));
  v128.store(to + 2 * stride, f32x4.sub(a, b));
  const c = nmadd(half, d2, d4), e = f32x4.mul(far, nmadd(half, d1, d3));
  v128.store(to + 3 * stride, f32x4.add(c, e));
  v128.store(to + 4 * stride, f32x4.sub(c, e));
}

/** G applied to three vectors. */
@inline
export function filterTransform(g0: v128, g1: v128, g2: v128, to: usize, stride: usize, k: usize): void {
  const u = v128.load_splat<f32>(k, 20), twice = v128.load_splat<f32>(k, 24);
  const middle = f32x4.mul(v128.load_splat<f32>(k, 28), g1);
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
export function outputColumns(from: usize, stride: usize, work: usize, k: usize): void {
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  const half = v128.load_splat<f32>(k, 8), two = v128.load_splat<f32>(k, 12);
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
export function gradientTransform(z0: v128, z1: v128, z2: v128, z3: v128, to: usize, stride: usize, k: usize): void {
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  const a = madd(far, z0, f32x4.mul(near, z2)), b = madd(v128.load_splat<f32>(k, 8), z3, z1);
  const c = madd(near, z0, f32x4.mul(far, z2)), e = madd(v128.load_splat<f32>(k, 12), z3, z1);
  v128.store(to, z0);
  v128.store(to + stride, f32x4.add(a, b));
  v128.store(to + 2 * stride, f32x4.sub(a, b));
  v128.store(to + 3 * stride, f32x4.add(c, e));
  v128.store(to + 4 * stride, f32x4.sub(c, e));
  v128.store(to + 5 * stride, z3);
}

/** G^T applied to six vectors. */
@inline
export function filterGradientTransform(from: usize, stride: usize, to: usize, step: usize, lanes: i32, k: usize): void {
  const m1 = v128.load(from + stride), m2 = v128.load(from + 2 * stride);
  const m3 = v128.load(from + 3 * stride), m4 = v128.load(from + 4 * stride);
  const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
  const u = v128.load_splat<f32>(k, 20), twice = v128.load_splat<f32>(k, 24);
  const first = f32x4.sub(f32x4.mul(u, t), f32x4.mul(twice, s));
  const last = f32x4.sub(f32x4.mul(twice, t), f32x4.mul(u, s));
  storeLanes(to, f32x4.add(v128.load(from), first), lanes);
  storeLanes(to + step, f32x4.mul(v128.load_splat<f32>(k, 28), f32x4.sub(e, d)), lanes);
  storeLanes(to + 2 * step, f32x4.add(v128.load(from + 5 * stride), last), lanes);
}
