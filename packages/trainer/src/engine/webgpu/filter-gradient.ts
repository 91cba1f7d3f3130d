import type { convInfo } from '@pellucid/core/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import { columnSums } from './column-sums.ts';
import { runProgram, type WebgpuBackend } from './program.ts';

/** What one workgroup computes: so many entries of the filter's first three axes, by so many output channels. */
const TILE = { rows: 64, columns: 32 };
/** What one thread of it computes. */
const SHARE = { rows: 4, columns: 4 };
const THREADS = (TILE.rows / SHARE.rows) * (TILE.columns / SHARE.columns);
/** Positions whose inputs and slopes lie in workgroup memory at a time. */
const DEPTH = 16;
/** Workgroups that keep a large GPU busy, and positions for which it is not worth to have another. */
const WANTED_WORKGROUPS = 1024;
const FEWEST_POSITIONS = 128;

/**
 * The gradient of a convolution's filter: for every tap the product of what it saw with the slopes, summed over all
 * positions of all images. The backend's own runs one thread for each weight, which walks through the whole batch
 * alone: some thousand threads where a GPU wants a hundred thousand.
 *
 * A product of two matrices, of which the first, what each tap saw, is never laid out. Its inner axis, the positions, is
 * by far the longest, so it is cut into slices that are summed afterwards, in the same order every time.
 */
export function filterGradient(
  backend: WebgpuBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: ReturnType<typeof convInfo>,
): tf.TensorInfo {
  const { batchSize, outHeight, outWidth, inChannels, outChannels, filterHeight, filterWidth } = info;
  const rows = filterHeight * filterWidth * inChannels;
  const positions = batchSize * outHeight * outWidth;
  const tiles = [Math.ceil(outChannels / TILE.columns), Math.ceil(rows / TILE.rows)] as const;
  const most = Math.max(1, Math.floor(positions / FEWEST_POSITIONS));
  const slices = Math.min(most, Math.ceil(WANTED_WORKGROUPS / (tiles[0] * tiles[1])));
  const program = {
    shaderKey: 'filter_gradient',
    variableNames: ['x', 'dy'],
    uniforms:
      'rows : i32, columns : i32, positions : i32, sliceSize : i32, outHeight : i32, outWidth : i32, inHeight : i32, inWidth : i32, inChannels : i32, filterWidth : i32, strideDown : i32, strideAlong : i32, dilationDown : i32, dilationAlong : i32, above : i32, left : i32,',
    outputShape: [slices, rows * outChannels],
    workgroupSize: [THREADS, 1, 1] as [number, number, number],
    dispatch: [tiles[0], tiles[1], slices] as [number, number, number],
    getUserCode: () => shader,
  };
  const uniforms = [
    rows,
    outChannels,
    positions,
    Math.ceil(positions / slices),
    outHeight,
    outWidth,
    info.inHeight,
    info.inWidth,
    inChannels,
    filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ].map((value): ['int32', number] => ['int32', value]);
  const partial = runProgram(backend, program, [x, dy], uniforms);
  const sums = columnSums(backend, partial, slices, rows * outChannels);
  backend.disposeData(partial.dataId);
  return { ...sums, shape: info.filterShape };
}

const shader = `
  var<workgroup> seen : array<array<f32, ${TILE.rows}>, ${DEPTH}>;
  var<workgroup> slopes : array<array<f32, ${TILE.columns}>, ${DEPTH}>;

  // What the tap and channel of a row saw at a position, 0 outside the image.
  fn seenAt(row : i32, position : i32, end : i32) -> f32 {
    if (row >= uniforms.rows || position >= end) { return 0.0; }
    let channel = row % uniforms.inChannels;
    let tap = row / uniforms.inChannels;
    let column = position % uniforms.outWidth;
    let line = position / uniforms.outWidth;
    let image = line / uniforms.outHeight;
    let y = (line % uniforms.outHeight) * uniforms.strideDown + (tap / uniforms.filterWidth) * uniforms.dilationDown - uniforms.above;
    let x0 = column * uniforms.strideAlong + (tap % uniforms.filterWidth) * uniforms.dilationAlong - uniforms.left;
    if (y < 0 || y >= uniforms.inHeight || x0 < 0 || x0 >= uniforms.inWidth) { return 0.0; }
    return x[((image * uniforms.inHeight + y) * uniforms.inWidth + x0) * uniforms.inChannels + channel];
  }

  fn main() {
    let thread = i32(localIndex);
    let firstRow = i32(workgroupId.y) * ${TILE.rows};
    let firstColumn = i32(workgroupId.x) * ${TILE.columns};
    let slice = i32(workgroupId.z);
    let start = slice * uniforms.sliceSize;
    let end = min(uniforms.positions, start + uniforms.sliceSize);
    let ownRow = (thread / ${TILE.columns / SHARE.columns}) * ${SHARE.rows};
    let ownColumn = (thread % ${TILE.columns / SHARE.columns}) * ${SHARE.columns};

    var sums : array<vec4<f32>, ${SHARE.rows}>;
    // By the slice's size, which is the same for all threads of a workgroup as a barrier demands.
    for (var done = 0; done < uniforms.sliceSize; done += ${DEPTH}) {
      let first = start + done;
      for (var i = thread; i < ${DEPTH * TILE.rows}; i += ${THREADS}) {
        let row = i % ${TILE.rows};
        let depth = i / ${TILE.rows};
        seen[depth][row] = seenAt(firstRow + row, first + depth, end);
      }
      for (var i = thread; i < ${DEPTH * TILE.columns}; i += ${THREADS}) {
        let column = firstColumn + i % ${TILE.columns};
        let position = first + i / ${TILE.columns};
        var slope = 0.0;
        if (column < uniforms.columns && position < end) { slope = dy[position * uniforms.columns + column]; }
        slopes[i / ${TILE.columns}][i % ${TILE.columns}] = slope;
      }
      workgroupBarrier();
      for (var depth = 0; depth < ${DEPTH}; depth++) {
        let slope = vec4<f32>(
          slopes[depth][ownColumn], slopes[depth][ownColumn + 1],
          slopes[depth][ownColumn + 2], slopes[depth][ownColumn + 3]);
        for (var row = 0; row < ${SHARE.rows}; row++) {
          sums[row] += seen[depth][ownRow + row] * slope;
        }
      }
      workgroupBarrier();
    }

    for (var row = 0; row < ${SHARE.rows}; row++) {
      for (var column = 0; column < ${SHARE.columns}; column++) {
        let atRow = firstRow + ownRow + row;
        let atColumn = firstColumn + ownColumn + column;
        if (atRow < uniforms.rows && atColumn < uniforms.columns) {
          result[(slice * uniforms.rows + atRow) * uniforms.columns + atColumn] = sums[row][column];
        }
      }
    }
  }
`;
