/**
 * Layer normalisation over the last axis (Ba et al. 2016): y = (x - mean) / sqrt(variance + epsilon) weight + offset.
 * Without an offset the mean stays: y = x / sqrt(variance + epsilon) weight, Restormer's bias-free norm.
 */
import { loadLanes, madd, storeLanes } from './lanes';

@inline
function total(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Ones in the first `count` lanes. */
@inline
function ones(count: i32): v128 {
  if (count >= 4) return f32x4.splat(1);
  return f32x4(1, count > 1 ? 1 : 0, count > 2 ? 1 : 0, 0);
}

@inline
function meanOf(x: usize, channels: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let c = 0;
  for (; c + 16 <= channels; c += 16, x += 64) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  for (; c < channels; c += 4, x += 16) s0 = f32x4.add(s0, loadLanes(x, channels - c));
  return total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))) / <f32>channels;
}

/** The square of four values' difference from `middle`, added to `sum`. */
@inline
function addSquares(values: v128, middle: v128, sum: v128): v128 {
  const centred = f32x4.sub(values, middle);
  return madd(centred, centred, sum);
}

/** 1 / sqrt(variance + epsilon), from differences to the mean: a difference of squares would lose digits. */
@inline
function scaleOf(x: usize, channels: i32, mean: f32, epsilon: f32): f32 {
  const middle = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let c = 0;
  for (; c + 16 <= channels; c += 16, x += 64) {
    s0 = addSquares(v128.load(x), middle, s0);
    s1 = addSquares(v128.load(x, 16), middle, s1);
    s2 = addSquares(v128.load(x, 32), middle, s2);
    s3 = addSquares(v128.load(x, 48), middle, s3);
  }
  for (; c + 4 <= channels; c += 4, x += 16) s0 = addSquares(v128.load(x), middle, s0);
  if (c < channels) {
    const rest = f32x4.mul(f32x4.sub(loadLanes(x, channels - c), middle), ones(channels - c));
    s1 = madd(rest, rest, s1);
  }
  const sum = total(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  return 1 / sqrt<f32>(sum / <f32>channels + epsilon);
}

/**
 * @param x [rows, channels]; `y` likewise
 * @param weight [channels]
 * @param offset [channels], or 0 for none
 */
export function layerNorm(
  x: usize, weight: usize, offset: usize, y: usize, rows: i32, channels: i32, epsilon: f32,
): void {
  const row = <usize>channels << 2;
  for (; rows > 0; rows--, x += row, y += row) {
    const mean = meanOf(x, channels);
    const scale = f32x4.splat(scaleOf(x, channels, mean, epsilon)), taken = f32x4.splat(offset == 0 ? 0 : mean);
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = channels - c;
      const normal = f32x4.mul(f32x4.sub(loadLanes(x + at, lanes), taken), scale);
      const shift = offset == 0 ? f32x4.splat(0) : loadLanes(offset + at, lanes);
      storeLanes(y + at, madd(normal, loadLanes(weight + at, lanes), shift), lanes);
    }
  }
}

/** Rows whose gradients to the weights are summed before they are added to the result: bounds rounding. */
const CHUNK: i32 = 64;

/**
 * The gradients. With s = 1 / sqrt(variance + epsilon), g = dy weight and y = n weight + offset,
 *   dx = s (g - mean(g) - (x - mean) s mean(g n)), without mean(g) where the mean stays,
 *   dweight = sum over rows of dy n,   doffset = sum over rows of dy.
 * @param dweight [channels]
 * @param doffset [channels], or 0 where there is no offset
 * @param scratch 8 * channels bytes
 */
export function layerNormGradient(
  x: usize, weight: usize, dy: usize, dx: usize, dweight: usize, doffset: usize,
  rows: i32, channels: i32, epsilon: f32, scratch: usize,
): void {
  const row = <usize>channels << 2;
  memory.fill(dweight, 0, row);
  if (doffset != 0) memory.fill(doffset, 0, row);
  for (let first = 0; first < rows; first += CHUNK) {
    const count = min(CHUNK, rows - first);
    memory.fill(scratch, 0, 2 * row);
    for (let r = 0; r < count; r++, x += row, dy += row, dx += row) {
      const mean = meanOf(x, channels);
      const scale = f32x4.splat(scaleOf(x, channels, mean, epsilon)), middle = f32x4.splat(mean);
      const taken = doffset == 0 ? f32x4.splat(0) : middle;
      let sum = f32x4.splat(0), along = sum;
      for (let c = 0; c < channels; c += 4) {
        const at = <usize>c << 2, lanes = channels - c;
        const normal = f32x4.mul(f32x4.sub(loadLanes(x + at, lanes), taken), scale);
        const slope = loadLanes(dy + at, lanes), g = f32x4.mul(slope, loadLanes(weight + at, lanes));
        sum = f32x4.add(sum, g);
        along = madd(g, normal, along);
        const toWeight = scratch + at, toOffset = toWeight + row;
        storeLanes(toWeight, madd(slope, normal, loadLanes(toWeight, lanes)), lanes);
        storeLanes(toOffset, f32x4.add(slope, loadLanes(toOffset, lanes)), lanes);
      }
      const level = f32x4.splat(doffset == 0 ? 0 : total(sum) / <f32>channels);
      const tilt = f32x4.splat(total(along) / <f32>channels);
      for (let c = 0; c < channels; c += 4) {
        const at = <usize>c << 2, lanes = channels - c;
        const centred = f32x4.mul(f32x4.sub(loadLanes(x + at, lanes), middle), scale);
        const g = f32x4.mul(loadLanes(dy + at, lanes), loadLanes(weight + at, lanes));
        const value = f32x4.mul(scale, f32x4.sub(f32x4.sub(g, level), f32x4.mul(centred, tilt)));
        storeLanes(dx + at, value, lanes);
      }
    }
    addVector(scratch, dweight, channels);
    if (doffset != 0) addVector(scratch + row, doffset, channels);
  }
}

function addVector(from: usize, to: usize, channels: i32): void {
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2, lanes = channels - c;
    storeLanes(to + at, f32x4.add(loadLanes(to + at, lanes), loadLanes(from + at, lanes)), lanes);
  }
}
