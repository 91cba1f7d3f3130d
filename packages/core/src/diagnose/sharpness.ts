import { quantile, type Region } from './regions.ts';

/** Across, down, and both diagonals. */
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [-1, 1],
] as const;
const LAGS = [1, 2, 4] as const;
const REACH = 4;
const BLOCK = 16;
/** Grey levels between the lightest and the darkest pixel of a block that has an edge. */
const CONTRAST = 40;

/**
 * Gathers how fast grey changes with distance, in four directions, and how much of each edge is climbed in one pixel.
 * Blur takes the fast changes away: all of them, or those along the camera's path.
 */
export class SharpnessStatistics {
  /** Squared differences, by direction and lag. */
  readonly #squares = DIRECTIONS.map(() => LAGS.map(() => 0));
  readonly #climbs: number[] = [];

  add({ width, height, grey }: Region): void {
    for (const [d, [dx, dy]] of DIRECTIONS.entries())
      for (const [l, lag] of LAGS.entries()) {
        const step = lag * (dy * width + dx);
        let sum = 0;
        // Every second row tells enough.
        for (let y = 0; y < height - REACH; y += 2)
          for (let i = y * width + REACH; i < (y + 1) * width - REACH; i++) {
            const difference = grey[i + step]! - grey[i]!;
            sum += difference * difference;
          }
        this.#squares[d]![l]! += sum;
      }
    for (let top = 0; top + BLOCK <= height; top += BLOCK)
      for (let left = 0; left + BLOCK <= width; left += BLOCK) this.#addBlock(grey, width, top, left);
  }

  #addBlock(grey: Float32Array, width: number, top: number, left: number): void {
    let [low, high, steepest] = [255, 0, 0];
    for (let y = top; y < top + BLOCK - 1; y++)
      for (let i = y * width + left; i < y * width + left + BLOCK - 1; i++) {
        const value = grey[i]!;
        low = Math.min(low, value);
        high = Math.max(high, value);
        const across = Math.abs(grey[i + 1]! - value);
        const down = Math.abs(grey[i + width]! - value);
        steepest = Math.max(steepest, across, down);
      }
    if (high - low >= CONTRAST) this.#climbs.push(steepest / (high - low));
  }

  features(): number[] {
    const ratios = (near: number, far: number) =>
      this.#squares.map((squares) => Math.log((squares[near]! + 1) / (squares[far]! + 1)));
    return [
      ...spread(ratios(0, 1)),
      ...spread(ratios(1, 2)),
      ...[0.25, 0.5, 0.9].map((share) => quantile(this.#climbs, share)),
    ];
  }
}

/** The least, mean and greatest. */
function spread(values: number[]): number[] {
  return [
    Math.min(...values),
    values.reduce((sum, value) => sum + value) / values.length,
    Math.max(...values),
  ];
}
