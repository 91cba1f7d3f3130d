/**
 * Attention among the positions of each window (Liu et al. 2021, equation 4), and its gradients: one head of one window
 * at a time, whose matrices fit the first levels of the cache.
 *
 * Rows of `size` tokens and of `width` channels of a head are padded to multiples of four. What is padded is zero, and
 * its bias so low that it has no share.
 */
import { exponential, EXPONENTIAL, storeExponential } from './exponential';
import { accumulateOuter, multiply, packPanels, packSize } from './gemm';
import { loadLanes, padded, storeLanes } from './lanes';

/** Added to the logits between regions. */
const APART: f32 = -100;
/** Added to those of what is padded. */
const NEVER: f32 = -1e30;

/** Floats in matrices of tokens by a head's channels, and of tokens by tokens. */
@inline
function narrow(size: i32, width: i32): i32 {
  return padded(size) * padded(width);
}

@inline
function square(size: i32): i32 {
  return padded(size) * padded(size);
}

/** Bytes of scratch memory `windowAttention` needs. */
export function windowAttentionScratch(size: i32, heads: i32, width: i32): usize {
  const most = max(padded(size), padded(width));
  const floats = most + padded(size) + heads * square(size) + 5 * narrow(size, width) + square(size);
  return EXPONENTIAL + (<usize>floats << 2) + packSize(padded(size), most);
}

/** Bytes of scratch memory `windowAttentionGradient` needs. */
export function windowAttentionGradientScratch(size: i32, heads: i32, width: i32): usize {
  const more = heads * square(size) + 3 * narrow(size, width) + square(size);
  return windowAttentionScratch(size, heads, width) + (<usize>more << 2);
}

/** Copies a window's rows of `width` channels, which begin `pixel` bytes apart, scaled, into padded rows. */
@inline
function gather(from: usize, pixel: usize, line: usize, window: i32, width: i32, scale: f32, to: usize): void {
  const factor = f32x4.splat(scale), row = <usize>padded(width) << 2;
  for (let i = 0; i < window; i++, from += line) {
    let token = from;
    for (let j = 0; j < window; j++, token += pixel, to += row) {
      for (let c = 0; c < width; c += 4) {
        const at = <usize>c << 2;
        v128.store(to + at, f32x4.mul(loadLanes(token + at, width - c), factor));
      }
    }
  }
}

/** The inverse of `gather`. */
@inline
function scatter(from: usize, to: usize, pixel: usize, line: usize, window: i32, width: i32, scale: f32): void {
  const factor = f32x4.splat(scale), row = <usize>padded(width) << 2;
  for (let i = 0; i < window; i++, to += line) {
    let token = to;
    for (let j = 0; j < window; j++, token += pixel, from += row) {
      for (let c = 0; c < width; c += 4) {
        const at = <usize>c << 2;
        storeLanes(token + at, f32x4.mul(v128.load(from + at), factor), width - c);
      }
    }
  }
}

/** Where in the table a query finds its relative position to the first key of a line of the window. */
@inline
function entryOf(query: i32, line: i32, window: i32): i32 {
  return (query / window - line + window - 1) * (2 * window - 1) + (query % window) + window - 1;
}

/** The bias of each pair of tokens of each head, from the table of relative positions; NEVER for keys that are padded. */
function spreadBias(table: usize, to: usize, window: i32, heads: i32): void {
  const size = window * window, spare = padded(size) - size;
  for (let head = 0; head < heads; head++, table += 4) {
    for (let query = 0; query < size; query++) {
      for (let line = 0; line < window; line++) {
        const entry = entryOf(query, line, window);
        for (let j = 0; j < window; j++, to += 4) store<f32>(to, load<f32>(table + (<usize>((entry - j) * heads) << 2)));
      }
      for (let j = 0; j < spare; j++, to += 4) store<f32>(to, NEVER);
    }
  }
}

/** The gradient to the table, from those to the bias of each pair. */
function gatherBias(from: usize, table: usize, window: i32, heads: i32): void {
  const size = window * window, spare = <usize>(padded(size) - size) << 2;
  memory.fill(table, 0, <usize>((2 * window - 1) * (2 * window - 1) * heads) << 2);
  for (let head = 0; head < heads; head++, table += 4) {
    for (let query = 0; query < size; query++, from += spare) {
      for (let line = 0; line < window; line++) {
        const entry = entryOf(query, line, window);
        for (let j = 0; j < window; j++, from += 4) {
          const to = table + (<usize>((entry - j) * heads) << 2);
          store<f32>(to, load<f32>(to) + load<f32>(from));
        }
      }
    }
  }
}

@inline
function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

@inline
function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/**
 * Turns each row of logits into exponentials of what they are after the bias, in place, with one over their sum in
 * `shares`: a row times that is its softmax.
 */
@inline
function softmaxRows(logits: usize, bias: usize, regions: usize, size: i32, shares: usize, k: usize): void {
  const row = <usize>padded(size) << 2;
  for (let query = 0; query < size; query++, logits += row, bias += row) {
    let most = f32x4.splat(NEVER);
    for (let key = 0; key < size; key += 4) {
      const at = <usize>key << 2;
      let value = f32x4.add(v128.load(logits + at), v128.load(bias + at));
      if (regions != 0) {
        const mine = v128.load_splat<f32>(regions + (<usize>query << 2));
        const other = f32x4.ne(loadLanes(regions + at, size - key), mine);
        value = f32x4.add(value, v128.and(other, f32x4.splat(APART)));
      }
      v128.store(logits + at, value);
      most = f32x4.pmax(most, value);
    }
    const top = f32x4.splat(largest(most));
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < row; at += 16) {
      const value = exponential(f32x4.sub(v128.load(logits + at), top), k);
      v128.store(logits + at, value);
      sum = f32x4.add(sum, value);
    }
    store<f32>(shares + (<usize>query << 2), 1 / total(sum));
  }
}

/** Multiplies each of `rows` rows of `columns` floats, a multiple of four, by a factor of its own. */
@inline
function scaleRows(x: usize, factors: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--, factors += 4) {
    const factor = v128.load_splat<f32>(factors);
    for (const end = x + (<usize>columns << 2); x < end; x += 16) v128.store(x, f32x4.mul(v128.load(x), factor));
  }
}

/**
 * y = softmax(q k^T / sqrt(width) + bias - 100 where regions differ) v, of each window and head.
 * @param qkv [batch, height, lineWidth, 3 * heads * width]: queries, keys, values, each head's together
 * @param table [(2 * window - 1) * (2 * window - 1), heads], the bias of each relative position
 * @param regions [windows of an image, size], where size is window * window, or 0 for none
 * @param y [batch, height, lineWidth, heads * width]
 * @param scratch `windowAttentionScratch(size, heads, width)` bytes
 */
export function windowAttention(
  qkv: usize, table: usize, regions: usize, y: usize, batch: i32, height: i32, lineWidth: i32,
  window: i32, heads: i32, width: i32, scratch: usize,
): void {
  const size = window * window, depth = padded(width), rows = padded(size);
  const step = <usize>narrow(size, width) << 2, pixel = <usize>(heads * width) << 2;
  const zeros = scratch + EXPONENTIAL;
  const factors = zeros + (<usize>max(rows, depth) << 2);
  const bias = factors + (<usize>rows << 2);
  const query = bias + (<usize>(heads * square(size)) << 2);
  const key = query + step, value = key + step, panels = value + step, mixed = panels + step;
  const logits = mixed + step, packed = logits + (<usize>square(size) << 2);
  storeExponential(scratch);
  memory.fill(zeros, 0, <usize>max(rows, depth) << 2);
  memory.fill(query, 0, 3 * step);
  spreadBias(table, bias, window, heads);

  const across = lineWidth / window, windows = (height / window) * across;
  const scale: f32 = 1 / sqrt<f32>(<f32>width);
  const line = <usize>lineWidth * pixel;
  for (let index = 0; index < batch * windows; index++) {
    const inImage = index % windows;
    const top = (index / windows) * height + (inImage / across) * window;
    const position = <usize>(top * lineWidth + (inImage % across) * window);
    const region: usize = regions == 0 ? 0 : regions + (<usize>(inImage * size) << 2);
    for (let head = 0; head < heads; head++) {
      const skip = <usize>(head * width) << 2;
      const from = qkv + 3 * position * pixel + skip;
      gather(from, 3 * pixel, 3 * line, window, width, scale, query);
      gather(from + pixel, 3 * pixel, 3 * line, window, width, 1, key);
      gather(from + 2 * pixel, 3 * pixel, 3 * line, window, width, 1, value);
      packPanels(key, panels, depth, depth, size, true);
      multiply(query, panels, zeros, logits, rows, depth, rows, packed);
      softmaxRows(logits, bias + (<usize>(head * size * rows) << 2), region, size, factors, scratch);
      packPanels(value, panels, rows, rows, depth, false);
      multiply(logits, panels, zeros, mixed, rows, rows, depth, packed);
      scaleRows(mixed, factors, size, depth);
      scatter(mixed, y + position * pixel + skip, pixel, line, window, width, 1);
    }
  }
}

/** Turns the gradient to the shares, in place, into that to the logits: p (dp - sum p dp). Adds it to `sums`. */
@inline
function softmaxGradient(shares: usize, gradient: usize, sums: usize, size: i32): void {
  const row = <usize>padded(size) << 2;
  for (; size > 0; size--, shares += row, gradient += row, sums += row) {
    let products = f32x4.splat(0);
    for (let at: usize = 0; at < row; at += 16) {
      products = f32x4.add(products, f32x4.mul(v128.load(shares + at), v128.load(gradient + at)));
    }
    const mean = f32x4.splat(total(products));
    for (let at: usize = 0; at < row; at += 16) {
      const value = f32x4.mul(v128.load(shares + at), f32x4.sub(v128.load(gradient + at), mean));
      v128.store(gradient + at, value);
      v128.store(sums + at, f32x4.add(v128.load(sums + at), value));
    }
  }
}

/**
 * The gradients to queries, keys and values, and to the table. The shares are computed again: to keep them would take more
 * memory than everything else.
 * @param dqkv as `qkv` of `windowAttention`; `dtable` as its table, `dy` as its y
 * @param scratch `windowAttentionGradientScratch(size, heads, width)` bytes
 */
export function windowAttentionGradient(
  qkv: usize, table: usize, regions: usize, dy: usize, dqkv: usize, dtable: usize,
  batch: i32, height: i32, lineWidth: i32, window: i32, heads: i32, width: i32, scratch: usize,
): void {
  const size = window * window, depth = padded(width), rows = padded(size);
  const step = <usize>narrow(size, width) << 2, pixel = <usize>(heads * width) << 2;
  const whole = <usize>square(size) << 2;
  const zeros = scratch + EXPONENTIAL;
  const factors = zeros + (<usize>max(rows, depth) << 2);
  const bias = factors + (<usize>rows << 2);
  const query = bias + <usize>heads * whole;
  const key = query + step, value = key + step, gradient = value + step, panels = gradient + step;
  const dquery = panels + step, dkey = dquery + step, dvalue = dkey + step;
  const shares = dvalue + step, dlogits = shares + whole;
  const sums = dlogits + whole;
  const packed = sums + <usize>heads * whole;
  storeExponential(scratch);
  memory.fill(zeros, 0, <usize>max(rows, depth) << 2);
  memory.fill(query, 0, 4 * step);
  memory.fill(sums, 0, <usize>heads * whole);
  spreadBias(table, bias, window, heads);

  const across = lineWidth / window, windows = (height / window) * across;
  const scale: f32 = 1 / sqrt<f32>(<f32>width);
  const line = <usize>lineWidth * pixel;
  for (let index = 0; index < batch * windows; index++) {
    const inImage = index % windows;
    const top = (index / windows) * height + (inImage / across) * window;
    const position = <usize>(top * lineWidth + (inImage % across) * window);
    const region: usize = regions == 0 ? 0 : regions + (<usize>(inImage * size) << 2);
    for (let head = 0; head < heads; head++) {
      const skip = <usize>(head * width) << 2, ofHead = <usize>(head * size * rows) << 2;
      const from = qkv + 3 * position * pixel + skip, to = dqkv + 3 * position * pixel + skip;
      gather(from, 3 * pixel, 3 * line, window, width, scale, query);
      gather(from + pixel, 3 * pixel, 3 * line, window, width, 1, key);
      gather(from + 2 * pixel, 3 * pixel, 3 * line, window, width, 1, value);
      gather(dy + position * pixel + skip, pixel, line, window, width, 1, gradient);
      packPanels(key, panels, depth, depth, size, true);
      multiply(query, panels, zeros, shares, rows, depth, rows, packed);
      softmaxRows(shares, bias + ofHead, region, size, factors, scratch);
      scaleRows(shares, factors, size, rows);
      packPanels(value, panels, depth, depth, size, true);
      multiply(gradient, panels, zeros, dlogits, rows, depth, rows, packed);
      softmaxGradient(shares, dlogits, sums + ofHead, size);
      memory.fill(dkey, 0, 2 * step);
      accumulateOuter(shares, gradient, dvalue, size, rows, depth);
      accumulateOuter(dlogits, query, dkey, size, rows, depth);
      packPanels(key, panels, rows, rows, depth, false);
      multiply(dlogits, panels, zeros, dquery, rows, rows, depth, packed);
      scatter(dquery, to, 3 * pixel, 3 * line, window, width, scale);
      scatter(dkey, to + pixel, 3 * pixel, 3 * line, window, width, 1);
      scatter(dvalue, to + 2 * pixel, 3 * pixel, 3 * line, window, width, 1);
    }
  }
  gatherBias(sums, dtable, window, heads);
}
