/** Copying a block of channels out of, or into, wider rows: slice and concat along the last axis. */
import { copyFloats } from './lanes';

/** Floats from which on the engine's own copy is worth its call. */
const LONG: i32 = 256;

/**
 * Copies `count` floats of each of `rows` rows.
 * @param fromRow floats from one row to the next at `from`; `toRow` likewise
 */
export function copyRows(from: usize, fromRow: i32, to: usize, toRow: i32, rows: i32, count: i32): void {
  if (count >= LONG) {
    for (; rows > 0; rows--, from += <usize>fromRow << 2, to += <usize>toRow << 2) memory.copy(to, from, <usize>count << 2);
    return;
  }
  for (; rows > 0; rows--, from += <usize>fromRow << 2, to += <usize>toRow << 2) copyFloats(from, to, count);
}

/** to = a + b, `count` floats of each. */
export function addFloats(a: usize, b: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4, a += 16, b += 16, to += 16) {
    v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
  }
  for (; count > 0; count--, a += 4, b += 4, to += 4) store<f32>(to, load<f32>(a) + load<f32>(b));
}
