import type * as tf from '@tensorflow/tfjs-core';
import { runProgram, type WebgpuBackend } from './program.ts';

const THREADS = 256;
/** Columns that one workgroup sums at most. */
const WIDEST = 64;
/** Rows that a thread walks through at least before the sum is worth splitting. */
const FEWEST_ROWS = 8;
/** Workgroups that keep a large GPU busy. */
const MOST_SLICES = 256;

/**
 * The sum of every column of a matrix, times a factor. The backend's own sum gives each result one workgroup, and
 * transposes first where the sum is not over the last axis: it takes milliseconds for the loss of a batch, which is one
 * number, or for a bias.
 *
 * Two passes over fixed slices, so the same sum in the same order every time.
 *
 * @param x `rows` x `columns`, of any shape
 */
export function columnSums(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
  factor = 1,
): tf.TensorInfo {
  const lanes = Math.min(WIDEST, 2 ** Math.ceil(Math.log2(columns)));
  const slices = Math.max(1, Math.min(MOST_SLICES, Math.floor(rows / ((THREADS / lanes) * FEWEST_ROWS))));
  if (slices === 1) return pass(backend, x, rows, columns, lanes, 1, factor);
  const partial = pass(backend, x, rows, columns, lanes, slices, 1);
  const sums = pass(backend, partial, slices, columns, lanes, 1, factor);
  backend.disposeData(partial.dataId);
  return sums;
}

/** One workgroup for `lanes` columns and a slice of the rows. */
function pass(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
  lanes: number,
  slices: number,
  factor: number,
): tf.TensorInfo {
  const program = {
    shaderKey: `column_sums_${lanes}`,
    variableNames: ['x'],
    uniforms: 'rows : i32, columns : i32, sliceRows : i32, factor : f32,',
    outputShape: [slices, columns],
    workgroupSize: [THREADS, 1, 1] as [number, number, number],
    dispatch: [Math.ceil(columns / lanes), slices, 1] as [number, number, number],
    getUserCode: () => shader(lanes),
  };
  return runProgram(
    backend,
    program,
    [x],
    [
      ['int32', rows],
      ['int32', columns],
      ['int32', Math.ceil(rows / slices)],
      ['float32', factor],
    ],
  );
}

const shader = (lanes: number) => `
  const LANES = ${lanes};
  const GROUPS = ${THREADS / lanes};
  var<workgroup> sums : array<f32, ${THREADS}>;

  fn main() {
    let lane = i32(localIndex) % LANES;
    let group = i32(localIndex) / LANES;
    let column = i32(workgroupId.x) * LANES + lane;
    let slice = i32(workgroupId.y);
    let end = min(uniforms.rows, (slice + 1) * uniforms.sliceRows);
    var sum = 0.0;
    if (column < uniforms.columns) {
      for (var row = slice * uniforms.sliceRows + group; row < end; row += GROUPS) {
        sum += x[row * uniforms.columns + column];
      }
    }
    sums[localIndex] = sum;
    for (var half = GROUPS / 2; half > 0; half /= 2) {
      workgroupBarrier();
      if (group < half) {
        sums[localIndex] += sums[i32(localIndex) + half * LANES];
      }
    }
    if (group == 0 && column < uniforms.columns) {
      result[slice * uniforms.columns + column] = uniforms.factor * sums[localIndex];
    }
  }
`;
