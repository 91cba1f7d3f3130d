/**
 * The transforms of `winograd-transforms.ts` for eight channels at a time, where V8 computes two vectors that lie side by side
 * as one of twice the length. It finds such pairs from where they are stored, and joins nothing across a store, so everything
 * is read before anything is written.
 */
import { madd, nmadd, storePair } from './lanes';

/** B^T d B of eight channels of one tile of 6x6 pixels. `from` is its top left one; `work` has room for 36 pairs. */
@inline
export function inputTilePair(from: usize, row: usize, pixel: usize, to: usize, stride: usize, work: usize, k: usize): void {
  for (let x: usize = 0; x < 6; x++) inputTransformPair(from + x * pixel, row, work + (x << 5), 192, k);
  for (let y: usize = 0; y < 6; y++) inputTransformPair(work + y * 192, 32, to + y * 6 * stride, stride, k);
}

/** B^T applied to six pairs, `step` bytes apart. */
@inline
function inputTransformPair(from: usize, step: usize, to: usize, stride: usize, k: usize): void {
  const p1 = from + step, p2 = from + 2 * step, p3 = from + 3 * step, p4 = from + 4 * step, p5 = from + 5 * step;
  const d0 = v128.load(from), d1 = v128.load(p1), d2 = v128.load(p2);
  const d3 = v128.load(p3), d4 = v128.load(p4), d5 = v128.load(p5);
  const e0 = v128.load(from, 16), e1 = v128.load(p1, 16), e2 = v128.load(p2, 16);
  const e3 = v128.load(p3, 16), e4 = v128.load(p4, 16), e5 = v128.load(p5, 16);
  const outer = v128.load_splat<f32>(k, 16), two = v128.load_splat<f32>(k, 12), half = v128.load_splat<f32>(k, 8);
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  storePair(to, madd(outer, d2, f32x4.add(d0, d4)), madd(outer, e2, f32x4.add(e0, e4)));
  storePair(to + 5 * stride, madd(outer, d3, f32x4.add(d1, d5)), madd(outer, e3, f32x4.add(e1, e5)));
  storeSumAndDifference(
    to + stride, stride, nmadd(two, d2, d4), nmadd(two, e2, e4),
    f32x4.mul(near, nmadd(two, d1, d3)), f32x4.mul(near, nmadd(two, e1, e3)),
  );
  storeSumAndDifference(
    to + 3 * stride, stride, nmadd(half, d2, d4), nmadd(half, e2, e4),
    f32x4.mul(far, nmadd(half, d1, d3)), f32x4.mul(far, nmadd(half, e1, e3)),
  );
}

/** A dy A^T of eight channels of one tile of 4x4 pixels. */
@inline
export function gradientTilePair(from: usize, row: usize, pixel: usize, to: usize, stride: usize, work: usize, k: usize): void {
  for (let x: usize = 0; x < 4; x++) gradientTransformPair(from + x * pixel, row, work + (x << 5), 128, k);
  for (let y: usize = 0; y < 6; y++) gradientTransformPair(work + (y << 7), 32, to + y * 6 * stride, stride, k);
}

/** A applied to four pairs. */
@inline
function gradientTransformPair(from: usize, step: usize, to: usize, stride: usize, k: usize): void {
  const p1 = from + step, p2 = from + 2 * step, p3 = from + 3 * step;
  const z0 = v128.load(from), z1 = v128.load(p1), z2 = v128.load(p2), z3 = v128.load(p3);
  const w0 = v128.load(from, 16), w1 = v128.load(p1, 16), w2 = v128.load(p2, 16), w3 = v128.load(p3, 16);
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  const half = v128.load_splat<f32>(k, 8), two = v128.load_splat<f32>(k, 12);
  storePair(to, z0, w0);
  storePair(to + 5 * stride, z3, w3);
  storeSumAndDifference(
    to + stride, stride, madd(far, z0, f32x4.mul(near, z2)), madd(far, w0, f32x4.mul(near, w2)),
    madd(half, z3, z1), madd(half, w3, w1),
  );
  storeSumAndDifference(
    to + 3 * stride, stride, madd(near, z0, f32x4.mul(far, z2)), madd(near, w0, f32x4.mul(far, w2)),
    madd(two, z3, z1), madd(two, w3, w1),
  );
}

/** a + b and, `stride` bytes on, a - b. */
@inline
function storeSumAndDifference(to: usize, stride: usize, a0: v128, a1: v128, b0: v128, b1: v128): void {
  storePair(to, f32x4.add(a0, b0), f32x4.add(a1, b1));
  storePair(to + stride, f32x4.sub(a0, b0), f32x4.sub(a1, b1));
}

/**
 * A^T m A of eight channels of one tile, with bias and clamped, into the `rows` x `columns` of it inside the image. The 6x6
 * pairs at `from` lie `stride` bytes apart.
 */
@inline
export function outputTilePair(
  from: usize, stride: usize, to: usize, row: usize, pixel: usize, rows: i32, columns: i32,
  bias: usize, work: usize, k: usize,
): void {
  const low = v128.load_splat<f32>(k, 32), high = v128.load_splat<f32>(k, 36);
  const near = v128.load_splat<f32>(k), far = v128.load_splat<f32>(k, 4);
  const half = v128.load_splat<f32>(k, 8), two = v128.load_splat<f32>(k, 12);
  for (let x: usize = 0; x < 6; x++) {
    const p = from + x * stride, line = work + (x << 5);
    const p1 = p + 6 * stride, p2 = p + 12 * stride, p3 = p + 18 * stride, p4 = p + 24 * stride, p5 = p + 30 * stride;
    const m0 = v128.load(p), m1 = v128.load(p1), m2 = v128.load(p2);
    const m3 = v128.load(p3), m4 = v128.load(p4), m5 = v128.load(p5);
    const n0 = v128.load(p, 16), n1 = v128.load(p1, 16), n2 = v128.load(p2, 16);
    const n3 = v128.load(p3, 16), n4 = v128.load(p4, 16), n5 = v128.load(p5, 16);
    const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
    const u = f32x4.add(n1, n2), f = f32x4.sub(n1, n2), v = f32x4.add(n3, n4), g = f32x4.sub(n3, n4);
    storePair(line, madd(far, s, madd(near, t, m0)), madd(far, u, madd(near, v, n0)));
    storePair(line + 192, f32x4.add(d, e), f32x4.add(f, g));
    storePair(line + 384, madd(near, s, f32x4.mul(far, t)), madd(near, u, f32x4.mul(far, v)));
    storePair(line + 576, madd(half, d, madd(two, e, m5)), madd(half, f, madd(two, g, n5)));
  }
  const b0 = v128.load(bias), b1 = v128.load(bias, 16);
  for (let y = 0; y < rows; y++) {
    const p = work + y * 192;
    let out = to + <usize>y * row;
    const m0 = v128.load(p), m1 = v128.load(p, 32), m2 = v128.load(p, 64);
    const m3 = v128.load(p, 96), m4 = v128.load(p, 128), m5 = v128.load(p, 160);
    const n0 = v128.load(p, 16), n1 = v128.load(p, 48), n2 = v128.load(p, 80);
    const n3 = v128.load(p, 112), n4 = v128.load(p, 144), n5 = v128.load(p, 176);
    const s = f32x4.add(m1, m2), d = f32x4.sub(m1, m2), t = f32x4.add(m3, m4), e = f32x4.sub(m3, m4);
    const u = f32x4.add(n1, n2), f = f32x4.sub(n1, n2), v = f32x4.add(n3, n4), g = f32x4.sub(n3, n4);
    finishPair(
      out, madd(far, s, madd(near, t, f32x4.add(m0, b0))), madd(far, u, madd(near, v, f32x4.add(n0, b1))), low, high,
    );
    if (columns < 2) continue;
    out += pixel;
    finishPair(out, f32x4.add(f32x4.add(d, e), b0), f32x4.add(f32x4.add(f, g), b1), low, high);
    if (columns < 3) continue;
    out += pixel;
    finishPair(out, madd(near, s, madd(far, t, b0)), madd(near, u, madd(far, v, b1)), low, high);
    if (columns < 4) continue;
    out += pixel;
    finishPair(
      out, madd(half, d, madd(two, e, f32x4.add(m5, b0))), madd(half, f, madd(two, g, f32x4.add(n5, b1))), low, high,
    );
  }
}

/** Clamps and stores eight channels. */
@inline
function finishPair(to: usize, first: v128, second: v128, low: v128, high: v128): void {
  storePair(to, f32x4.pmin(f32x4.pmax(first, low), high), f32x4.pmin(f32x4.pmax(second, low), high));
}
