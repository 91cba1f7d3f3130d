/**
 * Contrast-normalised features and their natural statistics (BRISQUE's and PIQE's front end on a network's features):
 *   m = (x - mean) / (deviation + floor),   mean = blur(x),   deviation^2 = blur(x^2) - mean^2 + epsilon,
 * of values x around their channels' means, under a window that is its own transpose, with 0 beyond the border.
 */
import { loadLanes, madd, nmadd, padded, storeLanes } from './lanes';

/** Half of the window's side; its weights are given from the middle outwards. */
const REACH: i32 = 3;
const SIDE: i32 = 2 * REACH + 1;

/** Bytes of scratch memory for `contrast` and `contrastGradient`. */
export function contrastScratch(width: i32, channels: i32): i32 {
  const values = padded(channels);
  return 4 * values * (2 * (width + 2 * REACH) + 2 * SIDE * width + 1);
}

/** w0 v(0) + w1 (v(-1) + v(1)) + .. of values `step` bytes apart. */
@inline
function window(middle: usize, step: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  let sum = f32x4.mul(w0, v128.load(middle));
  sum = madd(w1, f32x4.add(v128.load(middle - step), v128.load(middle + step)), sum);
  sum = madd(w2, f32x4.add(v128.load(middle - 2 * step), v128.load(middle + 2 * step)), sum);
  return madd(w3, f32x4.add(v128.load(middle - 3 * step), v128.load(middle + 3 * step)), sum);
}

/** Blurs a row of `width` positions that has `REACH` zeros on either side. */
function blurRow(from: usize, to: usize, width: i32, row: usize, w0: v128, w1: v128, w2: v128, w3: v128): void {
  const end = to + <usize>width * row;
  for (let middle = from + <usize>REACH * row; to < end; to += 16, middle += 16) {
    v128.store(to, window(middle, row, w0, w1, w2, w3));
  }
}

/** The same down a column of rows that lie in a ring. */
@inline
function down(ring: usize, line: usize, at: usize, y: i32, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const rows = ring + at;
  let sum = f32x4.mul(w0, v128.load(rows + <usize>(y % SIDE) * line));
  sum = madd(w1, f32x4.add(slot(rows, line, y - 1), slot(rows, line, y + 1)), sum);
  sum = madd(w2, f32x4.add(slot(rows, line, y - 2), slot(rows, line, y + 2)), sum);
  return madd(w3, f32x4.add(slot(rows, line, y - 3), slot(rows, line, y + 3)), sum);
}

@inline
function slot(rows: usize, line: usize, y: i32): v128 {
  return v128.load(rows + <usize>((y + SIDE) % SIDE) * line);
}

/** `middle[c]`, the mean of a channel of one image; returns how far all values spread around them. */
function spreadOf(x: usize, middle: usize, positions: i32, channels: i32, levelFloor: f32): f32 {
  const row = <usize>channels << 2;
  const share = f32x4.splat(1 / <f32>positions);
  let total: f32 = 0;
  for (let c = 0; c < channels; c += 4) {
    const lanes = channels - c;
    let sum = f32x4.splat(0), squares = sum;
    let from = x + (<usize>c << 2);
    for (let i = 0; i < positions; i++, from += row) {
      const value = loadLanes(from, lanes);
      sum = f32x4.add(sum, value);
      squares = madd(value, value, squares);
    }
    const mean = f32x4.mul(sum, share), level = f32x4.mul(squares, share);
    v128.store(middle + (<usize>c << 2), mean);
    const within = f32x4.max(nmadd(mean, mean, level), f32x4.splat(0));
    const own = madd(level, f32x4.splat(levelFloor), within);
    total += f32x4.extract_lane(own, 0) + f32x4.extract_lane(own, 1);
    total += f32x4.extract_lane(own, 2) + f32x4.extract_lane(own, 3);
  }
  return sqrt<f32>(total / <f32>channels + 1e-12);
}

/**
 * @param x [images, height, width, channels]; `m`, `mean` and `deviation` likewise
 * @param spread [images]: what `epsilon` (of a square) and `floor` are fractions of
 */
export function contrast(
  x: usize, m: usize, mean: usize, deviation: usize, spread: usize,
  images: i32, height: i32, width: i32, channels: i32,
  weight0: f32, weight1: f32, weight2: f32, weight3: f32,
  epsilon: f32, floor: f32, levelFloor: f32, scratch: usize,
): void {
  const w0 = f32x4.splat(weight0), w1 = f32x4.splat(weight1), w2 = f32x4.splat(weight2), w3 = f32x4.splat(weight3);
  const packed = <usize>channels << 2, row = <usize>padded(channels) << 2, line = <usize>width * row;
  const bordered = line + 2 * REACH * row;
  const values = scratch, squares = values + bordered, ringOfValues = squares + bordered;
  const ringOfSquares = ringOfValues + SIDE * line, middle = ringOfSquares + SIDE * line;
  for (; images > 0; images--, spread += 4) {
    const scale = spreadOf(x, middle, height * width, channels, levelFloor);
    store<f32>(spread, scale);
    const least = f32x4.splat(epsilon * scale * scale), added = f32x4.splat(floor * scale);
    memory.fill(values, 0, 2 * bordered + 2 * SIDE * line);
    let next = x;
    for (let y = 0; y < height + REACH; y++) {
      const at = <usize>(y % SIDE) * line;
      if (y < height) {
        let value = values + REACH * row, square = squares + REACH * row;
        for (let i = 0; i < width; i++, next += packed) {
          for (let c = 0; c < channels; c += 4, value += 16, square += 16) {
            const offset = <usize>c << 2, lanes = channels - c;
            const centred = f32x4.sub(loadLanes(next + offset, lanes), v128.load(middle + offset));
            v128.store(value, centred);
            v128.store(square, f32x4.mul(centred, centred));
          }
        }
        blurRow(values, ringOfValues + at, width, row, w0, w1, w2, w3);
        blurRow(squares, ringOfSquares + at, width, row, w0, w1, w2, w3);
      } else {
        memory.fill(ringOfValues + at, 0, line);
        memory.fill(ringOfSquares + at, 0, line);
      }
      if (y < REACH) continue;
      for (let i = 0; i < width; i++, x += packed, m += packed, mean += packed, deviation += packed) {
        for (let c = 0; c < channels; c += 4) {
          const offset = <usize>c << 2, lanes = channels - c, here = <usize>i * row + offset;
          const level = down(ringOfValues, line, here, y - REACH, w0, w1, w2, w3);
          const square = down(ringOfSquares, line, here, y - REACH, w0, w1, w2, w3);
          const local = f32x4.max(nmadd(level, level, square), f32x4.splat(0));
          const own = f32x4.sqrt(f32x4.add(local, least));
          const centred = f32x4.sub(loadLanes(x + offset, lanes), v128.load(middle + offset));
          storeLanes(m + offset, f32x4.div(f32x4.sub(centred, level), f32x4.add(own, added)), lanes);
          storeLanes(mean + offset, level, lanes);
          storeLanes(deviation + offset, own, lanes);
        }
      }
    }
  }
}

/**
 * The gradient to x, whose channels' means and spread are taken as given:
 *   dx = a - x blur(v) - blur(a - mean v),   a = dy / (deviation + floor),   v = a m / deviation.
 */
export function contrastGradient(
  m: usize, mean: usize, deviation: usize, spread: usize, dy: usize, dx: usize,
  images: i32, height: i32, width: i32, channels: i32,
  weight0: f32, weight1: f32, weight2: f32, weight3: f32, floor: f32, scratch: usize,
): void {
  const w0 = f32x4.splat(weight0), w1 = f32x4.splat(weight1), w2 = f32x4.splat(weight2), w3 = f32x4.splat(weight3);
  const packed = <usize>channels << 2, row = <usize>padded(channels) << 2, line = <usize>width * row;
  const bordered = line + 2 * REACH * row;
  const variances = scratch, means = variances + bordered, ringOfVariances = means + bordered;
  const ringOfMeans = ringOfVariances + SIDE * line;
  for (; images > 0; images--, spread += 4) {
    const added = f32x4.splat(floor * load<f32>(spread));
    memory.fill(variances, 0, 2 * bordered + 2 * SIDE * line);
    let ahead: usize = 0;
    for (let y = 0; y < height + REACH; y++) {
      const at = <usize>(y % SIDE) * line;
      if (y < height) {
        let toVariance = variances + REACH * row, toMean = means + REACH * row;
        for (let i = 0; i < width; i++, ahead += packed) {
          for (let c = 0; c < channels; c += 4, toVariance += 16, toMean += 16) {
            const offset = ahead + (<usize>c << 2), lanes = channels - c;
            const own = loadLanes(deviation + offset, lanes);
            const a = f32x4.div(loadLanes(dy + offset, lanes), f32x4.add(own, added));
            // Lanes that are no channel have a deviation of 0: the quotient must not be stored.
            let v = f32x4.div(f32x4.mul(a, loadLanes(m + offset, lanes)), own);
            if (lanes < 4) v = v128.and(v, f32x4.gt(own, f32x4.splat(0)));
            v128.store(toVariance, v);
            v128.store(toMean, nmadd(loadLanes(mean + offset, lanes), v, a));
          }
        }
        blurRow(variances, ringOfVariances + at, width, row, w0, w1, w2, w3);
        blurRow(means, ringOfMeans + at, width, row, w0, w1, w2, w3);
      } else {
        memory.fill(ringOfVariances + at, 0, line);
        memory.fill(ringOfMeans + at, 0, line);
      }
      if (y < REACH) continue;
      let here = <usize>(y - REACH) * <usize>width * packed;
      for (let i = 0; i < width; i++, here += packed) {
        for (let c = 0; c < channels; c += 4) {
          const offset = here + (<usize>c << 2), lanes = channels - c, place = <usize>i * row + (<usize>c << 2);
          const divisor = f32x4.add(loadLanes(deviation + offset, lanes), added);
          const a = f32x4.div(loadLanes(dy + offset, lanes), divisor);
          const value = madd(loadLanes(m + offset, lanes), divisor, loadLanes(mean + offset, lanes));
          const ofVariance = down(ringOfVariances, line, place, y - REACH, w0, w1, w2, w3);
          const ofMean = down(ringOfMeans, line, place, y - REACH, w0, w1, w2, w3);
          storeLanes(dx + offset, f32x4.sub(nmadd(value, ofVariance, a), ofMean), lanes);
        }
      }
    }
    const image = <usize>height * <usize>width * packed;
    m += image;
    mean += image;
    deviation += image;
    dy += image;
    dx += image;
  }
}

/** Mean size, mean square, and of four products of neighbours the mean and that of the positive ones. */
const STATISTICS: i32 = 10;

/** Bytes of scratch memory for `naturalStatistics` and its gradient: one image with a border of zeros. */
export function naturalScratch(height: i32, width: i32, channels: i32): i32 {
  return 4 * padded(channels) * (height + 2) * (width + 2);
}

function withBorder(m: usize, to: usize, height: i32, width: i32, channels: i32): void {
  const row = <usize>padded(channels) << 2, line = <usize>(width + 2) * row, packed = <usize>channels << 2;
  memory.fill(to, 0, <usize>(height + 2) * line);
  for (let y = 0; y < height; y++) {
    let at = to + <usize>(y + 1) * line + row;
    for (let i = 0; i < width; i++, m += packed) {
      for (let c = 0; c < channels; c += 4, at += 16) v128.store(at, loadLanes(m + (<usize>c << 2), channels - c));
    }
  }
}

@inline
function positive(v: v128): v128 {
  return f32x4.max(v, f32x4.splat(0));
}

/**
 * @param m [images, height, width, channels]
 * @param y [images, 10, channels]: of |m|, m^2, and of m times its neighbour to the right, below, below right, and of the
 *   right one times the one below, the mean of all and of the positive part; 0 beyond the border
 */
export function naturalStatistics(
  m: usize, y: usize, images: i32, height: i32, width: i32, channels: i32, scratch: usize,
): void {
  const packed = <usize>channels << 2, row = <usize>padded(channels) << 2, line = <usize>(width + 2) * row;
  const share = f32x4.splat(1 / <f32>(height * width));
  for (; images > 0; images--, m += <usize>(height * width) * packed, y += STATISTICS * packed) {
    withBorder(m, scratch, height, width, channels);
    memory.fill(y, 0, STATISTICS * packed);
    for (let r = 0; r < height; r++) {
      for (let c = 0; c < channels; c += 4) {
        const lanes = channels - c, to = y + (<usize>c << 2);
        let at = scratch + <usize>(r + 1) * line + row + (<usize>c << 2);
        let here = v128.load(at), below = v128.load(at + line);
        const zero = f32x4.splat(0);
        let size = zero, square = zero, s0 = zero, p0 = zero, s1 = zero, p1 = zero, s2 = zero, p2 = zero;
        let s3 = zero, p3 = zero;
        for (let i = 0; i < width; i++) {
          at += row;
          const right = v128.load(at), corner = v128.load(at + line);
          size = f32x4.add(size, f32x4.abs(here));
          square = madd(here, here, square);
          const across = f32x4.mul(here, right), along = f32x4.mul(here, below);
          const falling = f32x4.mul(here, corner), rising = f32x4.mul(right, below);
          s0 = f32x4.add(s0, across);
          p0 = f32x4.add(p0, positive(across));
          s1 = f32x4.add(s1, along);
          p1 = f32x4.add(p1, positive(along));
          s2 = f32x4.add(s2, falling);
          p2 = f32x4.add(p2, positive(falling));
          s3 = f32x4.add(s3, rising);
          p3 = f32x4.add(p3, positive(rising));
          here = right;
          below = corner;
        }
        addTo(to, size, share, lanes);
        addTo(to + packed, square, share, lanes);
        addTo(to + 2 * packed, s0, share, lanes);
        addTo(to + 3 * packed, p0, share, lanes);
        addTo(to + 4 * packed, s1, share, lanes);
        addTo(to + 5 * packed, p1, share, lanes);
        addTo(to + 6 * packed, s2, share, lanes);
        addTo(to + 7 * packed, p2, share, lanes);
        addTo(to + 8 * packed, s3, share, lanes);
        addTo(to + 9 * packed, p3, share, lanes);
      }
    }
  }
}

@inline
function addTo(to: usize, sum: v128, share: v128, lanes: i32): void {
  storeLanes(to, madd(sum, share, loadLanes(to, lanes)), lanes);
}

/** What a neighbour adds to the slope: its value times the product's slope, which is `all`, and `some` where positive. */
@inline
function along(here: v128, neighbour: v128, all: v128, some: v128, sum: v128): v128 {
  const inside = v128.and(some, f32x4.gt(f32x4.mul(here, neighbour), f32x4.splat(0)));
  return madd(f32x4.add(all, inside), neighbour, sum);
}

/** @param dy [images, 10, channels]; `dx` as `m` */
export function naturalGradient(
  m: usize, dy: usize, dx: usize, images: i32, height: i32, width: i32, channels: i32, scratch: usize,
): void {
  const packed = <usize>channels << 2, row = <usize>padded(channels) << 2, line = <usize>(width + 2) * row;
  const share = f32x4.splat(1 / <f32>(height * width)), sign = f32x4.splat(-0.0);
  for (; images > 0; images--, m += <usize>(height * width) * packed, dy += STATISTICS * packed) {
    withBorder(m, scratch, height, width, channels);
    for (let r = 0; r < height; r++, dx += <usize>width * packed) {
      for (let c = 0; c < channels; c += 4) {
        const lanes = channels - c, from = dy + (<usize>c << 2);
        const size = f32x4.mul(share, loadLanes(from, lanes));
        const square = f32x4.mul(f32x4.add(share, share), loadLanes(from + packed, lanes));
        const s0 = f32x4.mul(share, loadLanes(from + 2 * packed, lanes));
        const p0 = f32x4.mul(share, loadLanes(from + 3 * packed, lanes));
        const s1 = f32x4.mul(share, loadLanes(from + 4 * packed, lanes));
        const p1 = f32x4.mul(share, loadLanes(from + 5 * packed, lanes));
        const s2 = f32x4.mul(share, loadLanes(from + 6 * packed, lanes));
        const p2 = f32x4.mul(share, loadLanes(from + 7 * packed, lanes));
        const s3 = f32x4.mul(share, loadLanes(from + 8 * packed, lanes));
        const p3 = f32x4.mul(share, loadLanes(from + 9 * packed, lanes));
        let at = scratch + <usize>(r + 1) * line + row + (<usize>c << 2), to = dx + (<usize>c << 2);
        for (let i = 0; i < width; i++, at += row, to += packed) {
          const here = v128.load(at);
          // The slope of |m| at 0 is 0.
          const turned = v128.and(v128.xor(size, v128.and(here, sign)), f32x4.ne(here, f32x4.splat(0)));
          let sum = madd(square, here, turned);
          sum = along(here, v128.load(at + row), s0, p0, sum);
          sum = along(here, v128.load(at - row), s0, p0, sum);
          sum = along(here, v128.load(at + line), s1, p1, sum);
          sum = along(here, v128.load(at - line), s1, p1, sum);
          sum = along(here, v128.load(at + line + row), s2, p2, sum);
          sum = along(here, v128.load(at - line - row), s2, p2, sum);
          sum = along(here, v128.load(at + line - row), s3, p3, sum);
          sum = along(here, v128.load(at - line + row), s3, p3, sum);
          storeLanes(to, sum, lanes);
        }
      }
    }
  }
}
