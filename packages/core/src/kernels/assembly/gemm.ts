/**
 * Products of small matrices, the heart of every kernel here.
 *
 * A matrix is plain rows of a multiple of four floats, except the right one of `multiply`, which is in
 * "panels": 8 columns of every row (16 where vectors are joined, as many as are left in the last ones), one panel after the other.
 *
 * Some runtimes (workerd among them) compare every address with the memory's size before they use it, which doubles what
 * a load costs. For those a build with BOUNDS_CHECKED set brings four rows of the left matrix side by side first, so that
 * one load and four shuffles replace four loads: a fifth faster there, a tenth slower elsewhere.
 *
 * The 4 x 8 kernels keep 8 sums, 2 vectors of the right matrix and 4 broadcast values of the left one: 14 of
 * the 16 registers an x64 machine has. Anything larger spills, and so does an unrolled loop, because V8 then
 * does one sum's additions in a row and keeps everything else waiting: each costs a third of the speed.
 */
import { multiply8x8, multiplyBy16, outer8x8, outerBy16 } from './gemm-joined';
import { addPair, gatherLanes, loadLanes, madd, padded } from './lanes';

/**
 * Rows of the left matrix worked on at a time: as many as leave half of a first-level cache free, at most 32. Where the
 * right matrix fills the second level, as many as share that with it, at most 64, so that it is read less often.
 */
export function segmentOf(depth: i32, columns: i32): i32 {
  const large = depth * columns > 65536;
  return max(4, min(large ? 64 : 32, (large ? 32768 : 4096) / max(depth, 1)) & ~3);
}

/** How many columns the panel of column `o` has, of `wide`, a multiple of four. */
@inline
export function panelWidth(o: i32, wide: i32): i32 {
  if (JOINED && (o & ~15) + 16 <= wide) return 16;
  return (o & ~7) + 8 <= wide ? 8 : 4;
}

/**
 * Brings a matrix [depth, columns], or [columns, depth] when `turned`, into panels of padded(columns) columns
 * with zeros in what is padded. Each column has `stride` rows in its panel, zeros after the first `depth`.
 */
export function packPanels(w: usize, to: usize, depth: i32, stride: i32, columns: i32, turned: bool): void {
  const wide = padded(columns);
  if (stride != depth) memory.fill(to, 0, <usize>(stride * wide) << 2);
  let o = 0;
  if (!turned) {
    // As many columns at a time as fill a line of the cache: two panels, or one.
    const next = JOINED ? 32 : <usize>stride << 5;
    for (; o + 16 <= columns; o += 16) {
      let from = w + (<usize>o << 2), out = to + (<usize>(o * stride) << 2);
      for (let i = 0; i < depth; i++, from += <usize>columns << 2, out += JOINED ? 64 : 32) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
        v128.store(out + next, v128.load(from, 32));
        v128.store(out + next, v128.load(from, 48), 16);
      }
    }
  }
  for (; o < columns; o += 4) {
    const panel = panelWidth(o, wide), first = o & -panel;
    let out = to + (<usize>(first * stride + o - first) << 2);
    for (let i = 0; i < depth; i++, out += <usize>panel << 2) {
      const value = turned
        ? gatherLanes(w + (<usize>(o * depth + i) << 2), <usize>depth << 2, columns - o)
        : loadLanes(w + (<usize>(i * columns + o) << 2), columns - o);
      v128.store(out, value);
    }
  }
}

/**
 * Four rows of A, `row` bytes apart, by a panel of eight columns of B, added to `start`; the results lie
 * `stride` bytes apart.
 */
@inline
function multiply4x8(a0: usize, row: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
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

/** The same, with the four rows of A side by side: see `packRows`. */
@inline
function multiplyPacked4x8(a: usize, end: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), r = v128.load(a);
    const r0 = i32x4.shuffle(r, r, 0, 0, 0, 0);
    c00 = madd(r0, b0, c00);
    c01 = madd(r0, b1, c01);
    const r1 = i32x4.shuffle(r, r, 1, 1, 1, 1);
    c10 = madd(r1, b0, c10);
    c11 = madd(r1, b1, c11);
    const r2 = i32x4.shuffle(r, r, 2, 2, 2, 2);
    c20 = madd(r2, b0, c20);
    c21 = madd(r2, b1, c21);
    const r3 = i32x4.shuffle(r, r, 3, 3, 3, 3);
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

/** Four rows, `row` bytes apart, as `row` / 4 groups of four: the first value of each, the second of each, and so on. */
function packRows(a0: usize, row: usize, to: usize): void {
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  const end = a1;
  for (; a0 + 16 <= end; a0 += 16, a1 += 16, a2 += 16, a3 += 16, to += 64) {
    const r0 = v128.load(a0), r1 = v128.load(a1), r2 = v128.load(a2), r3 = v128.load(a3);
    const low0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5), high0 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const low1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5), high1 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(low0, low1, 0, 2));
    v128.store(to, i64x2.shuffle(low0, low1, 1, 3), 16);
    v128.store(to, i64x2.shuffle(high0, high1, 0, 2), 32);
    v128.store(to, i64x2.shuffle(high0, high1, 1, 3), 48);
  }
  for (; a0 < end; a0 += 4, to += 16) v128.store(to, gatherLanes(a0, row, 4));
}

/** Bytes of scratch memory `multiply` needs for `rows` rows of `depth` floats. */
export function packSize(rows: i32, depth: i32): usize {
  return BOUNDS_CHECKED ? <usize>(((rows + 3) & ~3) * depth) << 2 : 0;
}

/** The same for a panel of four columns. */
@inline
function multiply4x4(a0: usize, row: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c0 = v128.load(start), c1 = c0, c2 = c0, c3 = c0;
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

/** Eight rows of A by a panel of four columns: sums enough to keep the processor busy. */
@inline
function multiply8x4(a0: usize, row: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c0 = v128.load(start), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  const further = 4 * row;
  for (const end = a1; a0 < end; a0 += 4, a1 += 4, a2 += 4, a3 += 4, b += 16) {
    const b0 = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a0), b0, c0);
    c1 = madd(v128.load_splat<f32>(a1), b0, c1);
    c2 = madd(v128.load_splat<f32>(a2), b0, c2);
    c3 = madd(v128.load_splat<f32>(a3), b0, c3);
    c4 = madd(v128.load_splat<f32>(a0 + further), b0, c4);
    c5 = madd(v128.load_splat<f32>(a1 + further), b0, c5);
    c6 = madd(v128.load_splat<f32>(a2 + further), b0, c6);
    c7 = madd(v128.load_splat<f32>(a3 + further), b0, c7);
  }
  v128.store(c, c0);
  v128.store((c += stride), c1);
  v128.store((c += stride), c2);
  v128.store((c += stride), c3);
  v128.store((c += stride), c4);
  v128.store((c += stride), c5);
  v128.store((c += stride), c6);
  v128.store(c + stride, c7);
}

/**
 * C = A B, and `start` added to every row.
 * @param a rows of `depth` floats
 * @param b panels, `depth` rows of `columns` floats
 * @param start `columns` floats
 * @param c rows of `columns` floats
 * @param rows rounded up to a multiple of four: the memory must be there, whatever it holds
 * @param columns a multiple of four
 * @param scratch `packSize(rows, depth)` bytes
 */
export function multiply(
  a: usize, b: usize, start: usize, c: usize, rows: i32, depth: i32, columns: i32, scratch: usize,
): void {
  const row = <usize>depth << 2;
  const stride = <usize>columns << 2;
  const end = a + <usize>rows * row;
  if (BOUNDS_CHECKED) {
    let to = scratch;
    for (let from = a; from < end; from += 4 * row, to += 4 * row) packRows(from, row, to);
  }
  if (JOINED) {
    for (; columns >= 16; columns -= 16) {
      let to = c, from = a;
      for (; from + 12 * row <= end; from += 12 * row, to += 12 * stride) {
        multiplyBy16(6, from, row, b, start, to, stride);
        multiplyBy16(6, from + 6 * row, row, b, start, to + 6 * stride, stride);
      }
      for (; from < end; from += 4 * row, to += 4 * stride) multiplyBy16(4, from, row, b, start, to, stride);
      b += 16 * row;
      c += 64;
      start += 64;
    }
  }
  for (; columns >= 8; columns -= 8) {
    let to = c, packed = scratch, from = a;
    if (JOINED) {
      for (; from + 8 * row <= end; from += 8 * row, to += 8 * stride) multiply8x8(from, row, b, start, to, stride);
    }
    for (; from < end; from += 4 * row, to += 4 * stride) {
      if (BOUNDS_CHECKED) {
        multiplyPacked4x8(packed, packed + 4 * row, b, start, to, stride);
        packed += 4 * row;
      } else {
        multiply4x8(from, row, b, start, to, stride);
      }
    }
    b += 8 * row;
    c += 32;
    start += 32;
  }
  if (columns == 0) return;
  let from = a;
  for (; from + 8 * row <= end; from += 8 * row, c += 8 * stride) multiply8x4(from, row, b, start, c, stride);
  for (; from < end; from += 4 * row, c += 4 * stride) multiply4x4(from, row, b, start, c, stride);
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
  addPair(c, c00, c01);
  addPair(c + stride, c10, c11);
  addPair(c + 2 * stride, c20, c21);
  addPair(c + 3 * stride, c30, c31);
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
  if (JOINED) {
    outerJoined(a, b, c, row, stride, size);
    return;
  }
  for (let i: usize = 0; i < row; i += 16) {
    let j: usize = 0;
    for (; j + 32 <= stride; j += 32) outer4x8(a + i, row, b + j, c + j, stride, b + j + size);
    if (j < stride) outer4x4(a + i, row, b + j, c + j, stride, b + j + size);
    c += 4 * stride;
  }
}

/** The same where vectors are joined: the right columns by sixteen, then eight, then four. */
@inline
function outerJoined(a: usize, b: usize, c: usize, row: usize, stride: usize, size: usize): void {
  let j: usize = 0;
  for (; j + 64 <= stride; j += 64) {
    const right = b + j, end = right + size;
    let i: usize = 0, to = c + j;
    for (; i + 48 <= row; i += 48, to += 12 * stride) {
      outerBy16(6, a + i, row, right, to, stride, end);
      outerBy16(6, a + i + 24, row, right, to + 6 * stride, stride, end);
    }
    for (; i < row; i += 16, to += 4 * stride) outerBy16(4, a + i, row, right, to, stride, end);
  }
  for (; j + 32 <= stride; j += 32) {
    const right = b + j, end = right + size;
    let i: usize = 0, to = c + j;
    for (; i + 32 <= row; i += 32, to += 8 * stride) outer8x8(a + i, row, right, to, stride, end);
    if (i < row) outer4x8(a + i, row, right, to, stride, end);
  }
  if (j == stride) return;
  for (let i: usize = 0, to = c + j; i < row; i += 16, to += 4 * stride) {
    outer4x4(a + i, row, b + j, to, stride, b + j + size);
  }
}
