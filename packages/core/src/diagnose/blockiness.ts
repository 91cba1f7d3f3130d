import type { Region } from './regions.ts';

const SIDE = 8;
/** Steps are counted up to this many grey levels, lest one edge outweigh the grid. */
const MOST = 12;
/** Blocks that are transformed, at most, in a region. */
const BLOCKS = 96;
/** A coefficient below this counts as none: JPEG rounds to multiples of 1 and more, and stored bytes blur that. */
const NEGLIGIBLE = 0.7;

/** `COSINES[8 u + x]`: the orthonormal DCT of 8 values. */
const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/**
 * Gathers what JPEG leaves behind: steps of grey that stand out on every eighth row and column, and, on that grid,
 * blocks whose DCT has more coefficients that vanish than off the grid.
 */
export class BlockStatistics {
  /** Of columns and of rows, by their place in the grid: how much steps stand out from their neighbours. */
  readonly #steps = [new Float64Array(SIDE), new Float64Array(SIDE)];
  #level = 0;
  #count = 0;
  /** Where the grid of the first region that showed one begins. */
  #phase: [number, number] | undefined;
  readonly #vanished = { on: 0, off: 0, of: 0 };

  add(region: Region): void {
    this.#addSteps(region);
    // The later regions share the first one's grid: it is the photograph's.
    this.#phase ??= [strongest(this.#steps[0]!), strongest(this.#steps[1]!)];
    this.#addTransforms(region, this.#phase);
  }

  #addSteps({ left, top, width, height, grey }: Region): void {
    for (const [axis, step] of [1, width].entries()) {
      const sums = this.#steps[axis]!;
      const offset = axis === 0 ? left : top;
      for (let y = 2; y < height - 2; y += axis === 0 ? 2 : 1)
        for (let x = 2; x < width - 2; x += axis === 0 ? 1 : 2) {
          const i = y * width + x;
          const here = Math.min(MOST, Math.abs(grey[i]! - grey[i - step]!));
          const before = Math.min(MOST, Math.abs(grey[i - step]! - grey[i - 2 * step]!));
          const after = Math.min(MOST, Math.abs(grey[i + step]! - grey[i]!));
          sums[(offset + (axis === 0 ? x : y)) & 7]! += here - 0.5 * (before + after);
          this.#level += here;
          this.#count++;
        }
    }
  }

  #addTransforms({ left, top, width, height, grey }: Region, [column, row]: [number, number]): void {
    const first = (phase: number, origin: number) => (((phase - origin) % SIDE) + SIDE) % SIDE;
    const [x0, y0] = [first(column, left), first(row, top)];
    const [columns, rows] = [Math.floor((width - x0 - 4) / SIDE), Math.floor((height - y0 - 4) / SIDE)];
    const total = Math.max(0, columns) * Math.max(0, rows);
    const stride = Math.max(1, Math.floor(total / BLOCKS));
    for (let block = 0; block < total; block += stride) {
      const x = x0 + SIDE * (block % columns);
      const y = y0 + SIDE * Math.floor(block / columns);
      this.#vanished.on += vanishing(grey, width, x, y);
      this.#vanished.off += vanishing(grey, width, x + 4, y + 4);
      this.#vanished.of += SIDE * SIDE - 1;
    }
  }

  features(): number[] {
    const level = this.#level / this.#count + 0.5;
    const outstanding = this.#steps.map((sums) => {
      const most = sums[strongest(sums)]!;
      const others = (sums.reduce((sum, value) => sum + value) - most) / (SIDE - 1);
      return (2 * SIDE * (most - others)) / this.#count / level;
    });
    const { on, off, of } = this.#vanished;
    return [Math.min(...outstanding), Math.max(...outstanding), on / (of + 1), (on - off) / (of + 1)];
  }
}

function strongest(sums: Float64Array): number {
  return sums.indexOf(Math.max(...sums));
}

const rows = new Float64Array(64);

/** How many of the 63 coefficients other than the mean vanish. */
function vanishing(grey: Float32Array, width: number, x: number, y: number): number {
  for (let v = 0; v < SIDE; v++)
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      const start = (y + v) * width + x;
      for (let k = 0; k < SIDE; k++) sum += COSINES[8 * u + k]! * grey[start + k]!;
      rows[8 * v + u] = sum;
    }
  let count = 0;
  for (let u = 0; u < SIDE; u++)
    for (let v = u === 0 ? 1 : 0; v < SIDE; v++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += COSINES[8 * v + k]! * rows[8 * k + u]!;
      if (sum < NEGLIGIBLE && sum > -NEGLIGIBLE) count++;
    }
  return count;
}
