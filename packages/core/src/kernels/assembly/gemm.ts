/**
 * Products of small matrices, the heart of every kernel here.
 *
 * A matrix is plain rows of a multiple of four floats, except the right one of `multiply`, which is in
 * "panels": 8 columns (4 in a last, narrow one) of every row, one panel after the other.
 *
 * The 4 x 8 kernels keep 8 sums, 2 vectors of the right matrix and 4 broadcast values of the left one: 14 of
 * the 16 registers an x64 machine has. Anything larger spills, and so does an unrolled loop, because V8 then
 * does one sum's additions in a row and keeps everything else waiting: each costs a third of the speed.
 */
import { gatherLanes, loadLanes, madd, padded } from './lanes';

/**
 * Brings the weights of a 1x1 convolution, [inChannels, outChannels], or [outChannels, inChannels] when
 * `turned`, into panels of padded(outChannels) columns with zeros in what is padded.
 */
export function packPanels(w: usize, to: usize, inChannels: i32, outChannels: i32, turned: bool): void {
  const ci = padded(inChannels), co = padded(outChannels);
  if (ci != inChannels) memory.fill(to, 0, <usize>(ci * co) << 2);
  for (let o = 0; o < outChannels; o += 4) {
    const panel = co - (o & ~7) >= 8 ? 8 : 4;
    let out = to + (<usize>((o & ~7) * ci + (o & 4)) << 2);
    for (let i = 0; i < inChannels; i++, out += <usize>panel << 2) {
      const value = turned
        ? gatherLanes(w + (<usize>(o * inChannels + i) << 2), <usize>inChannels << 2, outChannels - o)
        : loadLanes(w + (<usize>(i * outChannels + o) << 2), outChannels - o);
      v128.store(out, value);
    }
  }
}

/**
 * Four rows of A, `row` bytes apart, by a panel of eight columns of B; the results lie `stride` bytes apart.
 */
@inline
function multiply4x8(a0: usize, row: usize, b: usize, c: usize, stride: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  for (const end = a1; a0 < end; a0 += 4, a1 += 4, a2 += 4, a3 += 4, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const r0 = v128.load_splat<f32>(a0);
    c00 = madd(r0, b0, c00);
    c01 = madd(r0, b1, c01);
    const r1 = v128.load_splat<f32>(a1);
    c10 = madd(r1, b0, c10);
    c11 = madd(r1, b1, c11);
    const r2 = v128.load_splat<f32>(a2);
    c20 = madd(r2, b0, c20);
    c21 = madd(r2, b1, c21);
    const r3 = v128.load_splat<f32>(a3);
    c30 = madd(r3, b0, c30);
    c31 = madd(r3, b1, c31);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** The same for a panel of four columns. */
@inline
function multiply4x4(a0: usize, row: usize, b: usize, c: usize, stride: usize): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  for (const end = a1; a0 < end; a0 += 4, a1 += 4, a2 += 4, a3 += 4, b += 16) {
    const b0 = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a0), b0, c0);
    c1 = madd(v128.load_splat<f32>(a1), b0, c1);
    c2 = madd(v128.load_splat<f32>(a2), b0, c2);
    c3 = madd(v128.load_splat<f32>(a3), b0, c3);
  }
  v128.store(c, c0);
  c += stride;
  v128.store(c, c1);
  c += stride;
  v128.store(c, c2);
  c += stride;
  v128.store(c, c3);
}

/**
 * C = A B.
 * @param a rows of `depth` floats
 * @param b panels, `depth` rows of `columns` floats
 * @param c rows of `columns` floats
 * @param rows rounded up to a multiple of four: the memory must be there, whatever it holds
 * @param columns a multiple of four
 */
export function multiply(a: usize, b: usize, c: usize, rows: i32, depth: i32, columns: i32): void {
  const row = <usize>depth << 2;
  const stride = <usize>columns << 2;
  const end = a + <usize>rows * row;
  for (; columns >= 8; columns -= 8) {
    let to = c;
    for (let from = a; from < end; from += 4 * row, to += 4 * stride) multiply4x8(from, row, b, to, stride);
    b += 8 * row;
    c += 32;
  }
  if (columns == 0) return;
  for (let from = a; from < end; from += 4 * row, c += 4 * stride) multiply4x4(from, row, b, c, stride);
}

/** Adds the sum over rows of (4 left columns) x (8 right columns) to c. */
@inline
function outer4x8(a: usize, row: usize, b: usize, c: usize, stride: usize, end: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (; b < end; a += row, b += stride) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const r0 = v128.load_splat<f32>(a);
    c00 = madd(r0, b0, c00);
    c01 = madd(r0, b1, c01);
    const r1 = v128.load_splat<f32>(a, 4);
    c10 = madd(r1, b0, c10);
    c11 = madd(r1, b1, c11);
    const r2 = v128.load_splat<f32>(a, 8);
    c20 = madd(r2, b0, c20);
    c21 = madd(r2, b1, c21);
    const r3 = v128.load_splat<f32>(a, 12);
    c30 = madd(r3, b0, c30);
    c31 = madd(r3, b1, c31);
  }
  addTo(c, c00, c01);
  addTo(c + stride, c10, c11);
  addTo(c + 2 * stride, c20, c21);
  addTo(c + 3 * stride, c30, c31);
}

@inline
function addTo(to: usize, first: v128, second: v128): void {
  v128.store(to, f32x4.add(v128.load(to), first));
  v128.store(to, f32x4.add(v128.load(to, 16), second), 16);
}

/** The same for four right columns. */
@inline
function outer4x4(a: usize, row: usize, b: usize, c: usize, stride: usize, end: usize): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
  for (; b < end; a += row, b += stride) {
    const b0 = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a), b0, c0);
    c1 = madd(v128.load_splat<f32>(a, 4), b0, c1);
    c2 = madd(v128.load_splat<f32>(a, 8), b0, c2);
    c3 = madd(v128.load_splat<f32>(a, 12), b0, c3);
  }
  v128.store(c, f32x4.add(v128.load(c), c0));
  c += stride;
  v128.store(c, f32x4.add(v128.load(c), c1));
  c += stride;
  v128.store(c, f32x4.add(v128.load(c), c2));
  c += stride;
  v128.store(c, f32x4.add(v128.load(c), c3));
}

/**
 * C += A^T B, summed from zero before it is added to C, so that long sums round as a tree does and not as a
 * chain.
 * @param a `rows` rows of `left` floats, a multiple of four
 * @param b `rows` rows of `right` floats, a multiple of four
 * @param c `left` rows of `right` floats
 */
export function accumulateOuter(a: usize, b: usize, c: usize, rows: i32, left: i32, right: i32): void {
  const row = <usize>left << 2;
  const stride = <usize>right << 2;
  const size = <usize>rows * stride;
  for (let i: usize = 0; i < row; i += 16) {
    let j: usize = 0;
    for (; j + 32 <= stride; j += 32) outer4x8(a + i, row, b + j, c + j, stride, b + j + size);
    if (j < stride) outer4x4(a + i, row, b + j, c + j, stride, b + j + size);
    c += 4 * stride;
  }
}
