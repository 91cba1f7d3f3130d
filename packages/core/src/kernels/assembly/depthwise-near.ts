/**
 * Depthwise convolution read straight from the image, four channels at a time, a run of positions along the row in
 * registers: for filters three wide over features so narrow that a patch stays in the cache between one group of
 * channels and the next. There, nothing is won by copying patches as `depthwise.ts` does.
 *
 * Channels that are no multiple of four end in a group that overlaps the one before, and a row in a run that does:
 * what is computed twice comes out the same. Fewer than four channels go lane by lane.
 */
import { finish, leakRows, padVector } from './epilogue';
import { loadLanes, madd, padded } from './lanes';
import { endInside, firstInside } from './span';

/** Bytes of scratch memory `depthwiseNear` needs. */
export function depthwiseNearScratch(channels: i32): usize {
  return <usize>padded(channels) << 2;
}

/**
 * y = clamp(conv(x, w) + bias, low, high).
 * @param x [batch, height, width, channels]
 * @param w [filterHeight, filterWidth, channels], read from its end when `turned`: gradient to the input
 * @param bias [channels] or 0 for none
 * @param slope what negative values are multiplied by, [channels], or 0 for `leak` throughout
 * @param y [batch, outHeight, outWidth, channels]
 */
export function depthwiseNear(
  x: usize, w: usize, bias: usize, slope: usize, y: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideY: i32, strideX: i32, dilationY: i32, dilationX: i32,
  padTop: i32, padLeft: i32, low: f32, high: f32, leak: f32, turned: bool, scratch: usize,
): void {
  padVector(bias, scratch, channels);
  const floor = f32x4.splat(low), ceiling = f32x4.splat(high);
  const pixel = <usize>channels << 2;
  const tap: usize = turned ? -pixel : pixel;
  if (turned) w += <usize>(filterHeight * filterWidth - 1) * pixel;
  // Between these positions every tap of a row lies inside the image.
  const first = min(outWidth, firstInside(-padLeft, strideX));
  const end = max(first, min(outWidth, endInside((filterWidth - 1) * dilationX - padLeft, strideX, width)));
  // How many positions are worked on at a time.
  const inside = channels < 4 ? 0 : end - first;
  const run = inside < 4 ? 0 : filterWidth == 3 && strideX * dilationX == 1 && inside >= 8 ? 8 : 4;
  const step = <usize>strideX * pixel, apart = <usize>dilationX * pixel;
  for (let line = 0; line < batch * outHeight; line++) {
    const image = line / outHeight;
    const top = (line % outHeight) * strideY - padTop;
    const firstRow = min(filterHeight, firstInside(top, dilationY));
    const rows = min(filterHeight, endInside(top, dilationY, height)) - firstRow;
    const from = x + <usize>((image * height + top + firstRow * dilationY) * width) * pixel;
    const filter = w + <usize>(firstRow * filterWidth) * tap;
    const row = <usize>(dilationY * width) * pixel;
    const to = y + <usize>(line * outWidth) * pixel;
    for (let position = 0; position < outWidth; position++) {
      if (position >= first && position < end && run > 0) {
        const at = min(position, end - run);
        const source = from + <usize>(at * strideX - padLeft) * pixel;
        for (let c = 0; c < channels; c += 4) {
          const skip = <usize>min(c, channels - 4) << 2;
          const start = v128.load(scratch + skip), out = to + <usize>at * pixel + skip;
          if (run == 8) {
            convolveThree(source + skip, row, pixel, filter + skip, tap, rows, start, floor, ceiling, out);
          } else {
            convolveAny(
              source + skip, row, step, apart, filter + skip, tap, rows, filterWidth, start, floor, ceiling, out, pixel,
            );
          }
        }
        position = at + run - 1;
        continue;
      }
      const left = position * strideX - padLeft;
      const firstTap = min(filterWidth, firstInside(left, dilationX));
      const endTap = min(filterWidth, endInside(left, dilationX, width));
      for (let c = 0; c < channels; c += 4) {
        const lanes = channels - c, skip = <usize>c << 2;
        let sum = loadLanes(scratch + skip, lanes);
        for (let i = 0; i < rows; i++) {
          for (let j = firstTap; j < endTap; j++) {
            const value = loadLanes(from + <usize>i * row + <usize>(left + j * dilationX) * pixel + skip, lanes);
            sum = madd(value, loadLanes(filter + <usize>(i * filterWidth + j) * tap + skip, lanes), sum);
          }
        }
        finish(sum, to + <usize>position * pixel + skip, floor, ceiling, lanes);
      }
    }
    leakRows(to, outWidth, channels, slope, leak);
  }
}

/** Four channels of four positions `step` bytes apart, whose taps all lie inside the image. */
@inline
function convolveAny(
  x: usize, row: usize, step: usize, apart: usize, w: usize, tap: usize, rows: i32, filterWidth: i32,
  start: v128, low: v128, high: v128, y: usize, pixel: usize,
): void {
  let s0 = start, s1 = start, s2 = start, s3 = start;
  for (; rows > 0; rows--, x += row) {
    let p = x;
    for (let j = 0; j < filterWidth; j++, p += apart, w += tap) {
      const f = v128.load(w);
      s0 = madd(v128.load(p), f, s0);
      s1 = madd(v128.load(p + step), f, s1);
      s2 = madd(v128.load(p + 2 * step), f, s2);
      s3 = madd(v128.load(p + 3 * step), f, s3);
    }
  }
  finish(s0, y, low, high, 4);
  finish(s1, y + pixel, low, high, 4);
  finish(s2, y + 2 * pixel, low, high, 4);
  finish(s3, y + 3 * pixel, low, high, 4);
}

/** The same for eight neighbours and a filter three wide, where one load serves three sums. */
@inline
function convolveThree(
  x: usize, row: usize, pixel: usize, w: usize, tap: usize, rows: i32, start: v128, low: v128, high: v128,
  y: usize,
): void {
  let s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start, s6 = start, s7 = start;
  for (; rows > 0; rows--, x += row, w += 3 * tap) {
    const f0 = v128.load(w), f1 = v128.load(w + tap), f2 = v128.load(w + 2 * tap);
    let p = x;
    let v = v128.load(p);
    s0 = madd(v, f0, s0);
    v = v128.load((p += pixel));
    s0 = madd(v, f1, s0);
    s1 = madd(v, f0, s1);
    v = v128.load((p += pixel));
    s0 = madd(v, f2, s0);
    s1 = madd(v, f1, s1);
    s2 = madd(v, f0, s2);
    v = v128.load((p += pixel));
    s1 = madd(v, f2, s1);
    s2 = madd(v, f1, s2);
    s3 = madd(v, f0, s3);
    v = v128.load((p += pixel));
    s2 = madd(v, f2, s2);
    s3 = madd(v, f1, s3);
    s4 = madd(v, f0, s4);
    v = v128.load((p += pixel));
    s3 = madd(v, f2, s3);
    s4 = madd(v, f1, s4);
    s5 = madd(v, f0, s5);
    v = v128.load((p += pixel));
    s4 = madd(v, f2, s4);
    s5 = madd(v, f1, s5);
    s6 = madd(v, f0, s6);
    v = v128.load((p += pixel));
    s5 = madd(v, f2, s5);
    s6 = madd(v, f1, s6);
    s7 = madd(v, f0, s7);
    v = v128.load((p += pixel));
    s6 = madd(v, f2, s6);
    s7 = madd(v, f1, s7);
    s7 = madd(v128.load(p + pixel), f2, s7);
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
