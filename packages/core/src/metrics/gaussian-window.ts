/** `side` weights of a Gaussian with standard deviation `sigma`, sum 1: one row of the separable window. */
export function gaussianWindow(side: number, sigma: number): Float64Array {
  const middle = (side - 1) / 2;
  const weights = Float64Array.from({ length: side }, (_, k) =>
    Math.exp(-((k - middle) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
}

/**
 * A plane under a separable symmetric window of odd side, row by row: only as many rows are held as the window is
 * high, so that they stay in the cache and a metric allocates no filtered planes.
 */
export class WindowFilter {
  readonly #window: Float64Array;
  readonly #width: number;
  /** The last rows pushed, filtered across; the oldest is overwritten next. */
  readonly #rows: Float64Array[];
  #pushed = 0;

  /** @param width of the filtered rows; what is pushed is `window.length - 1` values wider. */
  constructor(window: Float64Array, width: number) {
    this.#window = window;
    this.#width = width;
    this.#rows = Array.from(window, () => new Float64Array(width));
  }

  /** Takes the next row, from `start` in `values`. */
  push(values: Float64Array, start = 0): void {
    const window = this.#window;
    const width = this.#width;
    const last = window.length - 1;
    const middle = last / 2;
    const row = this.#rows[this.#pushed++ % window.length]!;
    const centre = window[middle]!;
    for (let x = 0; x < width; x++) row[x] = centre * values[start + x + middle]!;
    for (let k = 0; k < middle; k++) {
      const weight = window[k]!;
      const left = start + k;
      const right = start + last - k;
      for (let x = 0; x < width; x++) row[x]! += weight * (values[left + x]! + values[right + x]!);
    }
  }

  /** Writes the last `window.length` rows pushed, under the window, to `filtered`. */
  read(filtered: Float64Array): void {
    const window = this.#window;
    const width = this.#width;
    const last = window.length - 1;
    const middle = last / 2;
    const rowAt = (k: number) => this.#rows[(this.#pushed + k) % window.length]!;
    const centre = window[middle]!;
    const row = rowAt(middle);
    for (let x = 0; x < width; x++) filtered[x] = centre * row[x]!;
    for (let k = 0; k < middle; k++) {
      const weight = window[k]!;
      const above = rowAt(k);
      const below = rowAt(last - k);
      for (let x = 0; x < width; x++) filtered[x]! += weight * (above[x]! + below[x]!);
    }
  }
}
