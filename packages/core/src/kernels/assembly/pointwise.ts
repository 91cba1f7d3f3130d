/**
 * Convolution by matrix products: of the input itself for a 1x1 filter, of its patches (each position's inputs
 * copied into one row) for any other. Some positions at a time, so that no more than that is ever copied.
 */
import { finishRows, leakRows, padVector } from './epilogue';
import { multiply, packPanels, packSize, segmentOf } from './gemm';
import { copyFloats, padded } from './lanes';

/** Bytes of scratch memory for a filter of `depth` inputs an output: taps times channels. */
export function productScratch(depth: i32, outChannels: i32): usize {
  const co = padded(outChannels), size = segmentOf(depth, outChannels);
  return (<usize>(co + depth * co + size * (depth + co)) << 2) + packSize(size, depth);
}

/**
 * y = clamp(x w + bias, low, high).
 * @param x [positions, inChannels]
 * @param w [inChannels, outChannels], or [outChannels, inChannels] when `turned`: gradient to the input
 * @param bias [outChannels] or 0 for none
 * @param slope what negative values are multiplied by, [outChannels], or 0 for `leak` throughout
 * @param y [positions, outChannels]
 * @param scratch `productScratch(inChannels, outChannels)` bytes
 */
export function pointwiseConv(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  positions: i32, inChannels: i32, outChannels: i32, low: f32, high: f32, leak: f32, turned: bool, scratch: usize,
): void {
  const co = padded(outChannels), size = segmentOf(inChannels, outChannels);
  const panels = scratch + (<usize>co << 2);
  const rows = panels + (<usize>(inChannels * co) << 2);
  const products = rows + (<usize>(size * inChannels) << 2);
  const row = <usize>inChannels << 2;
  padVector(bias, scratch, outChannels);
  packPanels(w, panels, inChannels, inChannels, outChannels, turned);
  for (let first = 0; first < positions; first += size) {
    const count = min(size, positions - first);
    let from = x + <usize>first * row;
    // A part segment is copied: products are of four rows each, and the image may be the last thing in memory.
    if (count < size) {
      memory.copy(rows, from, <usize>count * row);
      from = rows;
    }
    writeProducts(
      from, panels, scratch, slope, products, y + (<usize>(first * outChannels) << 2), count, inChannels,
      outChannels, low, high, leak, count == size,
    );
  }
}

/** The outputs of a segment, at `y` itself where a `whole` segment has nothing to pad. */
@inline
function writeProducts(
  rows: usize, panels: usize, bias: usize, slope: usize, products: usize, y: usize, count: i32, depth: i32,
  outChannels: i32, low: f32, high: f32, leak: f32, whole: bool,
): void {
  const inPlace = whole && (outChannels & 3) == 0;
  const to = inPlace ? y : products;
  const co = padded(outChannels);
  multiply(rows, panels, bias, to, count, depth, co, products + (<usize>(segmentOf(depth, outChannels) * co) << 2));
  if (!inPlace || low > -Infinity || high < Infinity) {
    finishRows(to, y, count, outChannels, f32x4.splat(low), f32x4.splat(high));
  }
  leakRows(y, count, outChannels, slope, leak);
}

/**
 * y = clamp(conv(x, w) + bias, low, high), for any filter, stride, dilation and zero padding.
 * @param x [batch, height, width, inChannels]
 * @param w [filterHeight, filterWidth, inChannels, outChannels]
 * @param bias [outChannels] or 0 for none
 * @param slope what negative values are multiplied by, [outChannels], or 0 for `leak` throughout
 * @param y [batch, outHeight, outWidth, outChannels]
 * @param scratch `productScratch(filterHeight * filterWidth * inChannels, outChannels)` bytes
 */
export function patchConv(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  batch: i32, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32,
  padTop: i32, padLeft: i32, low: f32, high: f32, leak: f32, scratch: usize,
): void {
  const depth = filterHeight * filterWidth * inChannels;
  const co = padded(outChannels), size = segmentOf(depth, outChannels);
  const panels = scratch + (<usize>co << 2);
  const rows = panels + (<usize>(depth * co) << 2);
  const products = rows + (<usize>(size * depth) << 2);
  padVector(bias, scratch, outChannels);
  packPanels(w, panels, depth, depth, outChannels, false);
  // Taps that lie side by side in the input are copied as one run.
  const tapsInRun = dilationX == 1 ? filterWidth : 1;
  const positions = batch * outHeight * outWidth;
  for (let first = 0; first < positions; first += size) {
    const count = min(size, positions - first);
    let to = rows;
    for (let p = first; p < first + count; p++) {
      const line = p / outWidth;
      const image = x + (<usize>((line / outHeight) * height * width * inChannels) << 2);
      const left = (p % outWidth) * strideX - padLeft, top = (line % outHeight) * strideY - padTop;
      for (let i = 0; i < filterHeight; i++) {
        const inY = top + i * dilationY;
        for (let j = 0; j < filterWidth; j += tapsInRun) {
          copyRun(image, inY, left + j * dilationX, height, width, inChannels, tapsInRun, to);
          to += <usize>(tapsInRun * inChannels) << 2;
        }
      }
    }
    writeProducts(
      rows, panels, scratch, slope, products, y + (<usize>(first * outChannels) << 2), count, depth,
      outChannels, low, high, leak, count == size,
    );
  }
}

/** Copies `count` pixels from (y, x) on, zeros where they lie outside the image. */
@inline
function copyRun(
  image: usize, y: i32, x: i32, height: i32, width: i32, channels: i32, count: i32, to: usize,
): void {
  const first = min(count, max(0, -x)), end = max(first, min(count, width - x));
  const inside = y >= 0 && y < height && end > first;
  if (!inside || end - first < count) memory.fill(to, 0, <usize>(count * channels) << 2);
  if (!inside) return;
  const from = image + (<usize>((y * width + x + first) * channels) << 2);
  copyFloats(from, to + (<usize>(first * channels) << 2), (end - first) * channels);
}
