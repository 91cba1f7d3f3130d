/**
 * Depthwise convolution, each channel with filters of its own: sixteen channels of a patch of the image at a time, copied
 * side by side with the zeros around the image.
 *
 * In the image itself the positions of wide features lie so far apart that a patch falls out of the cache between one
 * channel and the next; where that distance is a multiple of 4 KiB, they even displace each other.
 */
import { finish, leakRows } from './epilogue';
import { loadLanes, madd, padded } from './lanes';
import { endInside, firstInside } from './span';

/** Channels of a block, whose values of one position fill a line of the cache. */
const BLOCK: i32 = 16;
const LINE: usize = 64;
/** Rows and columns of the outputs of a patch. */
const ROWS: i32 = 8;
const COLUMNS: i32 = 32;

/** How far a patch reaches along an axis. */
@inline
function reach(outputs: i32, taps: i32, stride: i32, dilation: i32): i32 {
  return (outputs - 1) * stride + (taps - 1) * dilation + 1;
}

@inline
function blocksOf(channels: i32): i32 {
  return (channels + BLOCK - 1) / BLOCK;
}

/** Bytes of scratch memory `depthwiseConv` needs. */
export function depthwiseConvScratch(
  channels: i32, filterHeight: i32, filterWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32,
): usize {
  const patch =
    reach(ROWS, filterHeight, strideY, dilationY) * reach(COLUMNS, filterWidth, strideX, dilationX);
  return <usize>(blocksOf(channels) * (filterHeight * filterWidth + 1) + patch + 2) * LINE;
}

/**
 * y = clamp(conv(x, w) + bias, low, high).
 * @param x [batch, height, width, channels / multiplier]
 * @param w [filterHeight, filterWidth, channels], read from its end when `turned`: gradient to the input
 * @param bias [channels] or 0 for none
 * @param slope what negative values are multiplied by, [channels], or 0 for `leak` throughout
 * @param y [batch, outHeight, outWidth, channels]
 * @param multiplier outputs of each channel of x, side by side: 1 or 2
 * @param scratch `depthwiseConvScratch(channels, filterHeight, ...)` bytes
 */
export function depthwiseConv(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, multiplier: i32,
  filterHeight: i32, filterWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32,
  padTop: i32, padLeft: i32, low: f32, high: f32, leak: f32, turned: bool, scratch: usize,
): void {
  const floor = f32x4.splat(low), ceiling = f32x4.splat(high);
  const pixel = <usize>channels << 2;
  const taps = filterHeight * filterWidth;
  const blocks = blocksOf(channels);
  packFilters(w, bias, scratch, taps, channels, turned);
  const spare = scratch + <usize>(blocks * (taps + 1)) * LINE, patch = spare + 2 * LINE;
  const line = <usize>reach(COLUMNS, filterWidth, strideX, dilationX) * LINE;
  const step = <usize>strideX * LINE, apart = <usize>dilationX * LINE, row = <usize>dilationY * line;
  // What lies behind a short row is computed too, and not used: it must be numbers.
  memory.fill(patch, 0, <usize>reach(ROWS, filterHeight, strideY, dilationY) * line);
  for (let image = 0; image < batch; image++) {
    for (let top = 0; top < outHeight; top += ROWS) {
      const rows = min(ROWS, outHeight - top);
      for (let left = 0; left < outWidth; left += COLUMNS) {
        const columns = min(COLUMNS, outWidth - left);
        const to = y + <usize>((image * outHeight + top) * outWidth + left) * pixel;
        for (let block = 0; block < blocks; block++) {
          const first = block * BLOCK, count = min(BLOCK, channels - first);
          copyPatch(
            x + <usize>(image * height * width) * (pixel / multiplier), height, width, channels / multiplier, first,
            count, multiplier, top * strideY - padTop, left * strideX - padLeft,
            reach(rows, filterHeight, strideY, dilationY), reach(columns, filterWidth, strideX, dilationX), patch, line,
          );
          const filters = scratch + <usize>(block * (taps + 1)) * LINE;
          for (let r = 0; r < rows; r++) {
            const from = patch + <usize>(r * strideY) * line;
            const out = to + <usize>(r * outWidth) * pixel + (<usize>first << 2);
            for (let p = 0; p < columns; p += 8) {
              for (let c = 0; c < count; c += 4) {
                const at = <usize>c << 2;
                const lanes = count - c, some = columns - p;
                const source = from + <usize>p * step + at, target = out + <usize>p * pixel + at;
                const whole = lanes >= 4 && some >= 8;
                const results = whole ? target : spare, distance = whole ? pixel : 16;
                if (strideX == 1) {
                  convolveEight(
                    source, row, LINE, apart, filters + at, filterHeight, filterWidth, floor, ceiling, results,
                    distance,
                  );
                } else {
                  convolveEight(
                    source, row, step, apart, filters + at, filterHeight, filterWidth, floor, ceiling, results,
                    distance,
                  );
                }
                if (whole) continue;
                for (let i = 0; i < min(8, some); i++) {
                  finish(v128.load(spare + (<usize>i << 4)), target + <usize>i * pixel, floor, ceiling, lanes);
                }
              }
            }
          }
        }
      }
    }
  }
  leakRows(y, batch * outHeight * outWidth, channels, slope, leak);
}

/** The filters of each block, one line a tap, and its bias behind them. */
function packFilters(w: usize, bias: usize, to: usize, taps: i32, channels: i32, turned: bool): void {
  for (let first = 0; first < channels; first += BLOCK) {
    const bytes = <usize>min(BLOCK, channels - first) << 2;
    memory.fill(to, 0, <usize>(taps + 1) * LINE);
    for (let tap = 0; tap < taps; tap++, to += LINE) {
      const from = turned ? taps - 1 - tap : tap;
      memory.copy(to, w + (<usize>(from * channels + first) << 2), bytes);
    }
    if (bias != 0) memory.copy(to, bias + (<usize>first << 2), bytes);
    to += LINE;
  }
}

/** Zeros in `lines` lines: few, for which the engine's own `memory.fill` is a costly call. */
@inline
function clear(to: usize, lines: i32): void {
  const zero = f32x4.splat(0);
  for (const end = to + <usize>lines * LINE; to < end; to += 16) v128.store(to, zero);
}

/** Copies `count` channels of `rows` x `columns` positions from (top, left) on, zeros where they lie outside the image. */
@inline
function copyPatch(
  image: usize, height: i32, width: i32, channels: i32, first: i32, count: i32, multiplier: i32, top: i32, left: i32,
  rows: i32, columns: i32, to: usize, line: usize,
): void {
  const begin = min(columns, max(0, -left)), end = max(begin, min(columns, width - left));
  const pixel = <usize>channels << 2;
  for (let i = 0; i < rows; i++, to += line) {
    if (top + i < 0 || top + i >= height) {
      clear(to, columns);
      continue;
    }
    clear(to, begin);
    clear(to + <usize>end * LINE, columns - end);
    let from = image + <usize>((top + i) * width + left + begin) * pixel;
    const stop = to + <usize>end * LINE;
    if (multiplier == 2) {
      from += <usize>first << 1;
      for (let out = to + <usize>begin * LINE; out < stop; out += LINE, from += pixel) {
        for (let c = 0; c < count; c += 4) {
          const two = count - c >= 4 ? v128.load64_zero(from + (<usize>c << 1)) : v128.load32_zero(from + (<usize>c << 1));
          v128.store(out + (<usize>c << 2), i32x4.shuffle(two, two, 0, 0, 1, 1));
        }
      }
      continue;
    }
    from += <usize>first << 2;
    if (count == BLOCK) {
      for (let out = to + <usize>begin * LINE; out < stop; from += pixel) {
        let source = from;
        for (const end = out + LINE; out < end; out += 32, source += 32) {
          v128.store(out, v128.load(source));
          v128.store(out, v128.load(source, 16), 16);
        }
      }
      continue;
    }
    for (let out = to + <usize>begin * LINE; out < stop; out += LINE, from += pixel) {
      for (let c = 0; c < count; c += 4) {
        const at = <usize>c << 2;
        v128.store(out + at, loadLanes(from + at, count - c));
      }
    }
  }
}

/** Four channels of eight outputs, whose first taps lie `step` bytes apart. */
@inline
function convolveEight(
  x: usize, row: usize, step: usize, apart: usize, w: usize, filterHeight: i32, filterWidth: i32, low: v128,
  high: v128, y: usize, pixel: usize,
): void {
  const start = v128.load(w + <usize>(filterHeight * filterWidth) * LINE);
  let s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start, s7 = start;
  for (let i = 0; i < filterHeight; i++, x += row) {
    let p = x;
    for (const end = w + <usize>filterWidth * LINE; w < end; w += LINE, p += apart) {
      const f = v128.load(w);
      s0 = madd(v128.load(p), f, s0);
      s1 = madd(v128.load(p + step), f, s1);
      s2 = madd(v128.load(p + 2 * step), f, s2);
      s3 = madd(v128.load(p + 3 * step), f, s3);
      s4 = madd(v128.load(p + 4 * step), f, s4);
      s5 = madd(v128.load(p + 5 * step), f, s5);
      s6 = madd(v128.load(p + 6 * step), f, s6);
      s7 = madd(v128.load(p + 7 * step), f, s7);
    }
  }
  finish(s0, y, low, high, 4);
  finish(s1, (y += pixel), low, high, 4);
  finish(s2, (y += pixel), low, high, 4);
  finish(s3, (y += pixel), low, high, 4);
  finish(s4, (y += pixel), low, high, 4);
  finish(s5, (y += pixel), low, high, 4);
  finish(s6, (y += pixel), low, high, 4);
  finish(s7, y + pixel, low, high, 4);
}

/** Bytes of scratch memory `depthwiseFilterGradient` needs. */
export function depthwiseGradientScratch(taps: i32, channels: i32): usize {
  return <usize>(taps * padded(channels)) << 2;
}

/** Outputs summed into registers before they are added to the result: bounds rounding, and fits the cache. */
const SEGMENT: i32 = 32;

/**
 * The gradient to the filter.
 * @param dy [batch, outHeight, outWidth, channels]
 * @param dw [filterHeight, filterWidth, channels]
 * @param scratch `depthwiseGradientScratch(filterHeight * filterWidth, channels)` bytes
 */
export function depthwiseFilterGradient(
  x: usize, dy: usize, dw: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32,
  padTop: i32, padLeft: i32, scratch: usize,
): void {
  const pixel = <usize>channels << 2, sum = <usize>padded(channels) << 2;
  memory.fill(scratch, 0, depthwiseGradientScratch(filterHeight * filterWidth, channels));
  const step = <usize>strideX * pixel;
  for (let line = 0; line < batch * outHeight; line++) {
    const image = line / outHeight;
    const top = (line % outHeight) * strideY - padTop;
    for (let start = 0; start < outWidth; start += SEGMENT) {
      const count = min(SEGMENT, outWidth - start);
      const gradients = dy + <usize>(line * outWidth + start) * pixel;
      for (let i = 0; i < filterHeight; i++) {
        const inY = top + i * dilationY;
        if (inY < 0 || inY >= height) continue;
        for (let j = 0; j < filterWidth; j++) {
          const left = start * strideX + j * dilationX - padLeft;
          const first = firstInside(left, strideX), end = min(count, endInside(left, strideX, width));
          if (first >= end) continue;
          const from = x + <usize>((image * height + inY) * width + left + first * strideX) * pixel;
          const to = scratch + <usize>(i * filterWidth + j) * sum;
          for (let c = 0; c < channels; c += 4) {
            const skip = <usize>c << 2;
            addProducts(
              from + skip, step, gradients + <usize>first * pixel + skip, pixel, end - first, to + skip,
              channels - c,
            );
          }
        }
      }
    }
  }
  for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
    memory.copy(dw + <usize>tap * pixel, scratch + <usize>tap * sum, pixel);
  }
}

/** Adds sum over `count` positions of x dy, of four channels or the `lanes` that exist. */
@inline
function addProducts(x: usize, step: usize, dy: usize, pixel: usize, count: i32, to: usize, lanes: i32): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  if (lanes >= 4) {
    for (; count >= 4; count -= 4, x += 4 * step, dy += 4 * pixel) {
      s0 = madd(v128.load(x), v128.load(dy), s0);
      s1 = madd(v128.load(x + step), v128.load(dy + pixel), s1);
      s2 = madd(v128.load(x + 2 * step), v128.load(dy + 2 * pixel), s2);
      s3 = madd(v128.load(x + 3 * step), v128.load(dy + 3 * pixel), s3);
    }
  }
  for (; count > 0; count--, x += step, dy += pixel) s0 = madd(loadLanes(x, lanes), loadLanes(dy, lanes), s0);
  const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  v128.store(to, f32x4.add(v128.load(to), sum));
}
