/** Copying a block of channels out of, or into, wider rows: slice and concat along the last axis. */
import { copyFloats } from './lanes';

/**
 * Copies `count` floats of each of `rows` rows.
 * @param fromRow floats from one row to the next at `from`; `toRow` likewise
 */
export function copyRows(from: usize, fromRow: i32, to: usize, toRow: i32, rows: i32, count: i32): void {
  for (; rows > 0; rows--, from += <usize>fromRow << 2, to += <usize>toRow << 2) copyFloats(from, to, count);
}
