/** Batches of matrix products, either matrix transposed. */
import { accumulateOuter, multiply, packPanels, packSize, segmentOf } from './gemm';
import { copyFloats, copyPixels, gatherLanes, padded, storeLanes } from './lanes';

/** Rows summed into registers at a time where the left matrix is transposed: bounds rounding, and fits the cache. */
const SEGMENT: i32 = 32;

/** Bytes of scratch memory `matMul` needs. */
export function matMulScratch(rows: i32, depth: i32, columns: i32, turnLeft: bool): usize {
  const left = padded(rows), right = padded(columns), size = segmentOf(depth, columns);
  return turnLeft
    ? <usize>(left * right + SEGMENT * (left + right)) << 2
    : (<usize>(right + depth * right + size * (depth + right)) << 2) + packSize(size, depth);
}

/**
 * c = a b for each of a batch; a distance of 0 from one matrix to the next uses the same for all.
 * @param a [rows, depth], or [depth, rows] when `turnLeft`
 * @param b [depth, columns], or [columns, depth] when `turnRight`
 * @param c [rows, columns]
 * @param nextA floats from one left matrix to the next; `nextB` likewise
 * @param scratch `matMulScratch(rows, depth, columns, turnLeft)` bytes
 */
export function matMul(
  a: usize, b: usize, c: usize, batch: i32, rows: i32, depth: i32, columns: i32, nextA: i32, nextB: i32,
  turnLeft: bool, turnRight: bool, scratch: usize,
): void {
  const right = padded(columns);
  const panels = scratch + (<usize>right << 2);
  if (!turnLeft) memory.fill(scratch, 0, <usize>right << 2);
  for (let i = 0; i < batch; i++) {
    if (turnLeft) {
      transposedProduct(a, b, c, rows, depth, columns, turnRight, scratch);
    } else {
      if (i == 0 || nextB != 0) packPanels(b, panels, depth, depth, columns, turnRight);
      plainProduct(a, panels, scratch, c, rows, depth, columns);
    }
    a += <usize>nextA << 2;
    b += <usize>nextB << 2;
    c += <usize>(rows * columns) << 2;
  }
}

@inline
function plainProduct(
  a: usize, panels: usize, zeros: usize, c: usize, rows: i32, depth: i32, columns: i32,
): void {
  const right = padded(columns), size = segmentOf(depth, columns);
  const row = <usize>depth << 2;
  const copy = panels + (<usize>(depth * right) << 2);
  const products = copy + (<usize>(size * depth) << 2);
  const packed = products + (<usize>(size * right) << 2);
  for (let first = 0; first < rows; first += size) {
    const count = min(size, rows - first);
    let from = a + <usize>first * row;
    let to = c + (<usize>(first * columns) << 2);
    // Products are of four rows each, and the matrix may be the last thing in memory.
    if ((count & 3) != 0) {
      memory.copy(copy, from, <usize>count * row);
      from = copy;
    }
    if ((count & 3) == 0 && right == columns) {
      multiply(from, panels, zeros, to, count, depth, right, packed);
      continue;
    }
    multiply(from, panels, zeros, products, count, depth, right, packed);
    for (let r = 0; r < count; r++, to += <usize>columns << 2) {
      copyFloats(products + (<usize>(r * right) << 2), to, columns);
    }
  }
}

@inline
function transposedProduct(
  a: usize, b: usize, c: usize, rows: i32, depth: i32, columns: i32, turnRight: bool, sums: usize,
): void {
  const left = padded(rows), right = padded(columns);
  const lefts = sums + (<usize>(left * right) << 2);
  const rights = lefts + (<usize>(SEGMENT * left) << 2);
  memory.fill(sums, 0, <usize>(left * right) << 2);
  for (let first = 0; first < depth; first += SEGMENT) {
    const count = min(SEGMENT, depth - first);
    let l = a + (<usize>(first * rows) << 2), r = b + (<usize>(first * columns) << 2);
    if (left != rows) {
      copyPixels(l, <usize>rows << 2, lefts, count, rows);
      l = lefts;
    }
    if (turnRight) {
      turnColumns(b + (<usize>first << 2), rights, count, depth, columns);
      r = rights;
    } else if (right != columns) {
      copyPixels(r, <usize>columns << 2, rights, count, columns);
      r = rights;
    }
    accumulateOuter(l, r, sums, count, left, right);
  }
  for (let r = 0; r < rows; r++, sums += <usize>right << 2, c += <usize>columns << 2) copyFloats(sums, c, columns);
}

/** `count` columns of b, [columns, depth], as rows of padded(columns). */
function turnColumns(b: usize, to: usize, count: i32, depth: i32, columns: i32): void {
  for (let r = 0; r < count; r++, b += 4) {
    for (let j = 0; j < columns; j += 4, to += 16) {
      const from = b + (<usize>(j * depth) << 2);
      storeLanes(to, gatherLanes(from, <usize>depth << 2, columns - j), 4);
    }
  }
}
