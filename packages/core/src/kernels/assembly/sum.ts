/** The sum over all but the last axis: the gradient of a bias. */
import { loadLanes, storeLanes } from './lanes';

/**
 * Rows summed into registers before they are added to the result: bounds rounding, and fits the first-level
 * cache.
 */
const CHUNK: i32 = 64;

/**
 * y[c] = sum over rows of x[row, c].
 * @param x [rows, channels]
 * @param y [channels]
 */
export function sumRows(x: usize, y: usize, rows: i32, channels: i32): void {
  const row = <usize>channels << 2;
  memory.fill(y, 0, row);
  for (let start = 0; start < rows; start += CHUNK) {
    const count = min(CHUNK, rows - start);
    for (let c = 0; c < channels; c += 4) {
      const lanes = channels - c;
      let from = x + (<usize>c << 2);
      let even = f32x4.splat(0), odd = even;
      let r = 0;
      for (; r + 2 <= count; r += 2) {
        even = f32x4.add(even, loadLanes(from, lanes));
        odd = f32x4.add(odd, loadLanes(from + row, lanes));
        from += 2 * row;
      }
      if (r < count) even = f32x4.add(even, loadLanes(from, lanes));
      const to = y + (<usize>c << 2);
      storeLanes(to, f32x4.add(loadLanes(to, lanes), f32x4.add(even, odd)), lanes);
    }
    x += <usize>count * row;
  }
}
