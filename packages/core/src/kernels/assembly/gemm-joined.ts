/**
 * The inner products of `gemm.ts` where V8 computes two vectors that lie side by side as one of eight floats, which it does on
 * x64 when told to (`--experimental-wasm-revectorize`). It starts from what is stored side by side and follows the sums back.
 *
 * A sum takes four cycles and two are begun in each, so that eight sums must be under way. 6 x 16 has twelve and, with two
 * vectors of the right matrix and a broadcast value of the left, fills the 16 registers: it runs at the multiply-adds' own
 * rate. 4 x 16 comes to nine tenths of that, and 8 x 8, for what columns are left, to four fifths.
 */
import { addPair, madd, storePair } from './lanes';

/** `rows` rows of A, four or six, by a panel of sixteen columns of B, added to `start`: see `multiply4x8`. */
@inline
export function multiplyBy16(rows: i32, a0: usize, row: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16), c02 = v128.load(start, 32), c03 = v128.load(start, 48);
  let c10 = c00, c11 = c01, c12 = c02, c13 = c03, c20 = c00, c21 = c01, c22 = c02, c23 = c03;
  let c30 = c00, c31 = c01, c32 = c02, c33 = c03, c40 = c00, c41 = c01, c42 = c02, c43 = c03;
  let c50 = c00, c51 = c01, c52 = c02, c53 = c03;
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  const further = 4 * row;
  for (const end = a1; a0 < end; a0 += 4, a1 += 4, a2 += 4, a3 += 4, b += 64) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    const r0 = v128.load_splat<f32>(a0);
    c00 = madd(r0, b0, c00);
    c01 = madd(r0, b1, c01);
    c02 = madd(r0, b2, c02);
    c03 = madd(r0, b3, c03);
    const r1 = v128.load_splat<f32>(a1);
    c10 = madd(r1, b0, c10);
    c11 = madd(r1, b1, c11);
    c12 = madd(r1, b2, c12);
    c13 = madd(r1, b3, c13);
    const r2 = v128.load_splat<f32>(a2);
    c20 = madd(r2, b0, c20);
    c21 = madd(r2, b1, c21);
    c22 = madd(r2, b2, c22);
    c23 = madd(r2, b3, c23);
    const r3 = v128.load_splat<f32>(a3);
    c30 = madd(r3, b0, c30);
    c31 = madd(r3, b1, c31);
    c32 = madd(r3, b2, c32);
    c33 = madd(r3, b3, c33);
    if (rows == 4) continue;
    const r4 = v128.load_splat<f32>(a0 + further);
    c40 = madd(r4, b0, c40);
    c41 = madd(r4, b1, c41);
    c42 = madd(r4, b2, c42);
    c43 = madd(r4, b3, c43);
    const r5 = v128.load_splat<f32>(a1 + further);
    c50 = madd(r5, b0, c50);
    c51 = madd(r5, b1, c51);
    c52 = madd(r5, b2, c52);
    c53 = madd(r5, b3, c53);
  }
  storeRow(c, c00, c01, c02, c03);
  storeRow((c += stride), c10, c11, c12, c13);
  storeRow((c += stride), c20, c21, c22, c23);
  storeRow((c += stride), c30, c31, c32, c33);
  if (rows == 4) return;
  storeRow((c += stride), c40, c41, c42, c43);
  storeRow(c + stride, c50, c51, c52, c53);
}

@inline
function storeRow(to: usize, first: v128, second: v128, third: v128, fourth: v128): void {
  storePair(to, first, second);
  storePair(to + 32, third, fourth);
}

/** Eight rows of A by a panel of eight columns of B. */
@inline
export function multiply8x8(a0: usize, row: usize, b: usize, start: usize, c: usize, stride: usize): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
  let c40 = c00, c41 = c01, c50 = c00, c51 = c01, c60 = c00, c61 = c01, c70 = c00, c71 = c01;
  let a1 = a0 + row, a2 = a1 + row, a3 = a2 + row;
  const further = 4 * row;
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
    const r4 = v128.load_splat<f32>(a0 + further);
    c40 = madd(r4, b0, c40);
    c41 = madd(r4, b1, c41);
    const r5 = v128.load_splat<f32>(a1 + further);
    c50 = madd(r5, b0, c50);
    c51 = madd(r5, b1, c51);
    const r6 = v128.load_splat<f32>(a2 + further);
    c60 = madd(r6, b0, c60);
    c61 = madd(r6, b1, c61);
    const r7 = v128.load_splat<f32>(a3 + further);
    c70 = madd(r7, b0, c70);
    c71 = madd(r7, b1, c71);
  }
  storePair(c, c00, c01);
  storePair((c += stride), c10, c11);
  storePair((c += stride), c20, c21);
  storePair((c += stride), c30, c31);
  storePair((c += stride), c40, c41);
  storePair((c += stride), c50, c51);
  storePair((c += stride), c60, c61);
  storePair(c + stride, c70, c71);
}

/** Adds the sum over rows of (`columns` left columns, four or six) x (16 right columns) to c: see `outer4x8`. */
@inline
export function outerBy16(columns: i32, a: usize, row: usize, b: usize, c: usize, stride: usize, end: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  let c20 = c00, c21 = c00, c22 = c00, c23 = c00, c30 = c00, c31 = c00, c32 = c00, c33 = c00;
  let c40 = c00, c41 = c00, c42 = c00, c43 = c00, c50 = c00, c51 = c00, c52 = c00, c53 = c00;
  for (; b < end; a += row, b += stride) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    const r0 = v128.load_splat<f32>(a);
    c00 = madd(r0, b0, c00);
    c01 = madd(r0, b1, c01);
    c02 = madd(r0, b2, c02);
    c03 = madd(r0, b3, c03);
    const r1 = v128.load_splat<f32>(a, 4);
    c10 = madd(r1, b0, c10);
    c11 = madd(r1, b1, c11);
    c12 = madd(r1, b2, c12);
    c13 = madd(r1, b3, c13);
    const r2 = v128.load_splat<f32>(a, 8);
    c20 = madd(r2, b0, c20);
    c21 = madd(r2, b1, c21);
    c22 = madd(r2, b2, c22);
    c23 = madd(r2, b3, c23);
    const r3 = v128.load_splat<f32>(a, 12);
    c30 = madd(r3, b0, c30);
    c31 = madd(r3, b1, c31);
    c32 = madd(r3, b2, c32);
    c33 = madd(r3, b3, c33);
    if (columns == 4) continue;
    const r4 = v128.load_splat<f32>(a, 16);
    c40 = madd(r4, b0, c40);
    c41 = madd(r4, b1, c41);
    c42 = madd(r4, b2, c42);
    c43 = madd(r4, b3, c43);
    const r5 = v128.load_splat<f32>(a, 20);
    c50 = madd(r5, b0, c50);
    c51 = madd(r5, b1, c51);
    c52 = madd(r5, b2, c52);
    c53 = madd(r5, b3, c53);
  }
  addRow(c, c00, c01, c02, c03);
  addRow((c += stride), c10, c11, c12, c13);
  addRow((c += stride), c20, c21, c22, c23);
  addRow((c += stride), c30, c31, c32, c33);
  if (columns == 4) return;
  addRow((c += stride), c40, c41, c42, c43);
  addRow(c + stride, c50, c51, c52, c53);
}

@inline
function addRow(to: usize, first: v128, second: v128, third: v128, fourth: v128): void {
  addPair(to, first, second);
  addPair(to + 32, third, fourth);
}

/** The same for eight left columns and eight right ones. */
@inline
export function outer8x8(a: usize, row: usize, b: usize, c: usize, stride: usize, end: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00, c50 = c00, c51 = c00, c60 = c00, c61 = c00, c70 = c00, c71 = c00;
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
    const r4 = v128.load_splat<f32>(a, 16);
    c40 = madd(r4, b0, c40);
    c41 = madd(r4, b1, c41);
    const r5 = v128.load_splat<f32>(a, 20);
    c50 = madd(r5, b0, c50);
    c51 = madd(r5, b1, c51);
    const r6 = v128.load_splat<f32>(a, 24);
    c60 = madd(r6, b0, c60);
    c61 = madd(r6, b1, c61);
    const r7 = v128.load_splat<f32>(a, 28);
    c70 = madd(r7, b0, c70);
    c71 = madd(r7, b1, c71);
  }
  addPair(c, c00, c01);
  addPair((c += stride), c10, c11);
  addPair((c += stride), c20, c21);
  addPair((c += stride), c30, c31);
  addPair((c += stride), c40, c41);
  addPair((c += stride), c50, c51);
  addPair((c += stride), c60, c61);
  addPair(c + stride, c70, c71);
}
