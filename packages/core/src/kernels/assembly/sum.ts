/** Sums and largest values over rows: the gradient of a bias, and every kind of pooling. */
import { loadLanes, storeLanes } from './lanes';

/**
 * Rows summed into registers before they are added to the result: bounds rounding, and fits the first-level
 * cache.
 */
const CHUNK: i32 = 64;

/**
 * y[group, c] = scale * sum over rows of x[group, row, c].
 * @param x [groups, rows, channels]
 * @param y [groups, channels]
 */
export function sumRows(x: usize, y: usize, groups: i32, rows: i32, channels: i32, scale: f32): void {
  const row = <usize>channels << 2;
  memory.fill(y, 0, <usize>groups * row);
  for (; groups > 0; groups--, y += row) {
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
    if (scale != 1) {
      for (let c = 0; c < channels; c += 4) {
        const to = y + (<usize>c << 2), lanes = channels - c;
        storeLanes(to, f32x4.mul(loadLanes(to, lanes), f32x4.splat(scale)), lanes);
      }
    }
  }
}

/** y[group, c] = the largest x[group, row, c]. At least one row. */
export function maxRows(x: usize, y: usize, groups: i32, rows: i32, channels: i32): void {
  const row = <usize>channels << 2;
  for (; groups > 0; groups--, x += <usize>rows * row, y += row) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2, lanes = channels - c;
      let most = loadLanes(x + at, lanes);
      for (let r = 1; r < rows; r++) most = f32x4.max(most, loadLanes(x + <usize>r * row + at, lanes));
      storeLanes(y + at, most, lanes);
    }
  }
}
