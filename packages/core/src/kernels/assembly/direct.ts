/**
 * The gradients of any other convolution, tap by tap of the filter as matrix products: for one row of outputs
 * and tap (i, j),
 *   dx[positions the tap sees] += dy row * w[i, j]^T      and      dw[i, j] += (x at those positions)^T * dy row.
 */
import { accumulateOuter, multiply, packPanels, packSize } from './gemm';
import { copyPixels, loadLanes, padded, storeLanes } from './lanes';
import { endInside, firstInside } from './span';

/** Outputs worked on at a time, a multiple of four. */
const SEGMENT: i32 = 32;

/** Bytes of scratch memory for a filter of `taps` taps. */
export function directScratch(taps: i32, inChannels: i32, outChannels: i32): usize {
  const ci = padded(inChannels), co = padded(outChannels);
  return (<usize>(ci + taps * ci * co + SEGMENT * (ci + co)) << 2) + packSize(SEGMENT, co);
}

/**
 * The gradient to the input.
 * @param dy [batch, outHeight, outWidth, outChannels]
 * @param w [filterHeight, filterWidth, inChannels, outChannels]
 * @param dx [batch, height, width, inChannels]
 * @param scratch `directScratch(filterHeight * filterWidth, inChannels, outChannels)` bytes
 */
export function directInputGradient(
  dy: usize, w: usize, dx: usize, batch: i32, height: i32, width: i32, inChannels: i32,
  outHeight: i32, outWidth: i32, outChannels: i32, filterHeight: i32, filterWidth: i32,
  strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, padTop: i32, padLeft: i32, scratch: usize,
): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const tapSize = <usize>(ci * co) << 2;
  const panels = scratch + (<usize>ci << 2);
  const rows = panels + <usize>(filterHeight * filterWidth) * tapSize;
  const products = rows + (<usize>(SEGMENT * co) << 2);
  const packed = products + (<usize>(SEGMENT * ci) << 2);
  const pixel = <usize>inChannels << 2;
  memory.fill(scratch, 0, <usize>ci << 2);
  for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
    const from = w + (<usize>(tap * inChannels * outChannels) << 2);
    packPanels(from, panels + <usize>tap * tapSize, outChannels, co, inChannels, true);
  }
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let line = 0; line < batch * outHeight; line++) {
    const image = line / outHeight, outY = line % outHeight;
    for (let start = 0; start < outWidth; start += SEGMENT) {
      const count = min(SEGMENT, outWidth - start);
      const step = <usize>outChannels << 2;
      copyPixels(dy + <usize>(line * outWidth + start) * step, step, rows, count, outChannels);
      for (let i = 0; i < filterHeight; i++) {
        const y = outY * strideY + i * dilationY - padTop;
        if (y < 0 || y >= height) continue;
        for (let j = 0; j < filterWidth; j++) {
          const offset = start * strideX + j * dilationX - padLeft;
          const first = firstInside(offset, strideX), end = min(count, endInside(offset, strideX, width));
          if (first >= end) continue;
          multiply(rows, panels + <usize>(i * filterWidth + j) * tapSize, scratch, products, count, co, ci, packed);
          let to = dx + <usize>((image * height + y) * width + offset + first * strideX) * pixel;
          for (let x = first; x < end; x++) {
            const from = products + (<usize>(x * ci) << 2);
            for (let c = 0; c < inChannels; c += 4) {
              const at = to + (<usize>c << 2);
              const sum = f32x4.add(loadLanes(at, inChannels - c), v128.load(from + (<usize>c << 2)));
              storeLanes(at, sum, inChannels - c);
            }
            to += <usize>strideX * pixel;
          }
        }
      }
    }
  }
}

/** The gradient to the filter, with the arguments of `directInputGradient`. */
export function directFilterGradient(
  x: usize, dy: usize, dw: usize, batch: i32, height: i32, width: i32, inChannels: i32,
  outHeight: i32, outWidth: i32, outChannels: i32, filterHeight: i32, filterWidth: i32,
  strideY: i32, strideX: i32, dilationY: i32, dilationX: i32, padTop: i32, padLeft: i32, scratch: usize,
): void {
  const ci = padded(inChannels), co = padded(outChannels);
  const tapSize = <usize>(ci * co) << 2;
  const taps = filterHeight * filterWidth;
  const gradients = scratch + <usize>taps * tapSize;
  const inputs = gradients + (<usize>(SEGMENT * co) << 2);
  const pixel = <usize>inChannels << 2;
  memory.fill(scratch, 0, <usize>taps * tapSize);
  for (let line = 0; line < batch * outHeight; line++) {
    const image = line / outHeight, outY = line % outHeight;
    for (let start = 0; start < outWidth; start += SEGMENT) {
      const count = min(SEGMENT, outWidth - start);
      const step = <usize>outChannels << 2;
      copyPixels(dy + <usize>(line * outWidth + start) * step, step, gradients, count, outChannels);
      for (let i = 0; i < filterHeight; i++) {
        const y = outY * strideY + i * dilationY - padTop;
        if (y < 0 || y >= height) continue;
        for (let j = 0; j < filterWidth; j++) {
          const offset = start * strideX + j * dilationX - padLeft;
          const first = firstInside(offset, strideX), end = min(count, endInside(offset, strideX, width));
          if (first >= end) continue;
          const from = x + <usize>((image * height + y) * width + offset + first * strideX) * pixel;
          copyPixels(from, <usize>strideX * pixel, inputs, end - first, inChannels);
          accumulateOuter(
            inputs, gradients + (<usize>(first * co) << 2), scratch + <usize>(i * filterWidth + j) * tapSize,
            end - first, ci, co,
          );
        }
      }
    }
  }
  for (let row = 0; row < taps * inChannels; row++) {
    const from = scratch + (<usize>((row / inChannels) * ci + (row % inChannels)) * co << 2);
    const to = dw + (<usize>(row * outChannels) << 2);
    for (let o = 0; o < outChannels; o += 4) {
      storeLanes(to + (<usize>o << 2), v128.load(from + (<usize>o << 2)), outChannels - o);
    }
  }
}
