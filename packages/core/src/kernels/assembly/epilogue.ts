/**
 * What follows the sums of a convolution: bias and activation.
 *
 * Linear, ReLU and ReLU6 are one clamp, without a branch: one for each value stored would cost a depthwise
 * convolution a third of its time. `pmin` and `pmax` are what x64 has; `min` and `max` take it several instructions.
 * PReLU and leaky ReLU are a second look at values just stored.
 */
import { loadLanes, madd, padded, storeLanes } from './lanes';

/** Clamps and stores four channels (or the `lanes` that exist) of one position. */
@inline
export function finish(value: v128, to: usize, low: v128, high: v128, lanes: i32): void {
  storeLanes(to, f32x4.pmin(f32x4.pmax(value, low), high), lanes);
}

/**
 * Clamps `rows` rows of `channels` floats, from rows of padded(channels), which may be the same where these are as
 * long.
 */
@inline
export function finishRows(from: usize, to: usize, rows: i32, channels: i32, low: v128, high: v128): void {
  const wide = <usize>padded(channels) << 2, row = <usize>channels << 2;
  for (; rows > 0; rows--, from += wide, to += row) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2;
      finish(v128.load(from + at), to + at, low, high, channels - c);
    }
  }
}

/**
 * Multiplies the negative values of `rows` rows, in place, by `slope` [channels], or by `leak` where that is 0. Does
 * nothing when both say so.
 */
export function leakRows(y: usize, rows: i32, channels: i32, slope: usize, leak: f32): void {
  if (slope == 0 && leak == 1) return;
  const zero = f32x4.splat(0), same = f32x4.splat(leak), row = <usize>channels << 2;
  for (; rows > 0; rows--, y += row) {
    for (let c = 0; c < channels; c += 4) {
      const to = y + (<usize>c << 2), lanes = channels - c;
      const value = loadLanes(to, lanes);
      const factor = slope == 0 ? same : loadLanes(slope + (<usize>c << 2), lanes);
      storeLanes(to, madd(factor, f32x4.pmin(value, zero), f32x4.pmax(value, zero)), lanes);
    }
  }
}

/** Copies a vector of `channels` floats; zeros up to a multiple of four, or throughout where there is none. */
export function padVector(from: usize, to: usize, channels: i32): void {
  memory.fill(to, 0, <usize>padded(channels) << 2);
  if (from != 0) memory.copy(to, from, <usize>channels << 2);
}
