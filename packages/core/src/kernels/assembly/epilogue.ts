/** What follows the products of a convolution: bias and activation. */
import { madd, padded, storeLanes } from './lanes';

/** Activations, in the numbering of `../convolution.ts`. */
const RELU: i32 = 1;
const RELU6: i32 = 2;
const PRELU: i32 = 3;

/** Applies the activation and stores four channels (or the `lanes` that exist) of one pixel. */
@inline
export function finish(value: v128, to: usize, slope: v128, activation: i32, lanes: i32): void {
  const zero = f32x4.splat(0);
  if (activation == RELU) value = f32x4.max(value, zero);
  else if (activation == RELU6) value = f32x4.min(f32x4.max(value, zero), f32x4.splat(6));
  else if (activation == PRELU) value = madd(slope, f32x4.min(value, zero), f32x4.max(value, zero));
  storeLanes(to, value, lanes);
}

/**
 * Copies a vector of `channels` floats, padded with zeros to a multiple of four. All zeros where there is
 * none.
 */
export function padVector(from: usize, to: usize, channels: i32): void {
  memory.fill(to, 0, <usize>padded(channels) << 2);
  if (from != 0) memory.copy(to, from, <usize>channels << 2);
}
