/** Four floats at a time: the little that WebAssembly SIMD leaves open. */

/** a * b + c, in one instruction where the build allows it. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, in one instruction where the build allows it. */
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Whole numbers of floats that are whole and small, in one instruction where the build allows it. */
@inline
export function toIntegers(a: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(a);
  return i32x4.trunc_sat_f32x4_s(a);
}

/** The first `count` floats at `from`, zeros after them. */
@inline
export function loadLanes(from: usize, count: i32): v128 {
  if (count >= 4) return v128.load(from);
  let value = v128.load32_zero(from);
  if (count > 1) value = v128.load32_lane(from, value, 1, 4);
  if (count > 2) value = v128.load32_lane(from, value, 2, 8);
  return value;
}

/** Writes the first `count` floats of `value`. */
@inline
export function storeLanes(to: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, value);
    return;
  }
  v128.store32_lane(to, value, 0);
  if (count > 1) v128.store32_lane(to, value, 1, 4);
  if (count > 2) v128.store32_lane(to, value, 2, 8);
}

/** Eight floats, which V8 joins where it may: see `gemm-joined.ts`. */
@inline
export function storePair(to: usize, first: v128, second: v128): void {
  v128.store(to, first);
  v128.store(to, second, 16);
}

/** Adds eight floats to those at `to`. */
@inline
export function addPair(to: usize, first: v128, second: v128): void {
  const before = v128.load(to), behind = v128.load(to, 16);
  storePair(to, f32x4.add(before, first), f32x4.add(behind, second));
}

/** Four floats that lie `stride` bytes apart; lanes from `count` on are zero. */
@inline
export function gatherLanes(from: usize, stride: usize, count: i32): v128 {
  let value = v128.load32_zero(from);
  if (count > 1) value = v128.load32_lane(from + stride, value, 1);
  if (count > 2) value = v128.load32_lane(from + 2 * stride, value, 2);
  if (count > 3) value = v128.load32_lane(from + 3 * stride, value, 3);
  return value;
}

/** `count` rounded up to a multiple of four: how many channels a row has in scratch memory. */
@inline
export function padded(count: i32): i32 {
  return (count + 3) & ~3;
}

/**
 * Copies `pixels` rows of `channels` floats that begin `step` bytes apart, each padded with zeros to a
 * multiple of four.
 */
export function copyPixels(from: usize, step: usize, to: usize, pixels: i32, channels: i32): void {
  const bytes = <usize>channels << 2;
  if (step == bytes && (channels & 3) == 0) {
    const end = from + <usize>pixels * bytes;
    for (; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
    return;
  }
  const width = <usize>padded(channels) << 2;
  for (const end = from + <usize>pixels * step; from != end; from += step, to += width) {
    for (let c = 0; c < channels; c += 4) {
      v128.store(to + (<usize>c << 2), loadLanes(from + (<usize>c << 2), channels - c));
    }
  }
}

/** Copies `count` floats. Short runs, for which the engine's own `memory.copy` is a costly call. */
@inline
export function copyFloats(from: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4, from += 16, to += 16) v128.store(to, v128.load(from));
  for (; count > 0; count--, from += 4, to += 4) store<f32>(to, load<f32>(from));
}
