import type { Region } from './regions.ts';

const SIDE = 8;
/** Steps are counted up to this many grey levels, lest one edge outweigh the grid. */
const MOST = 12;
/** Every so many blocks one is transformed, where there are more than a few. */
const SPARING = 4;
const FEW = 128;
/** A coefficient below this counts as none: JPEG rounds to multiples of 1 and more, and stored bytes blur that. */
const NEGLIGIBLE = 0.7;
/** The coefficients whose steps are looked for: place in the block, and step at quality 50 (ITU-T T.81, table K.1). */
const STEPPED = [
  { at: 1, step: 11 },
  { at: 8, step: 12 },
  { at: 9, step: 12 },
  { at: 2, step: 10 },
  { at: 16, step: 14 },
  { at: 10, step: 14 },
  { at: 17, step: 13 },
] as const;
/** Coefficients that must be steps away from none before they tell how large a step is. */
const TELLING = 24;

/** Settings of the encoder that are tried, and what each makes of the table's steps. */
const QUALITIES = Array.from({ length: 19 }, (_, i) => 5 * (i + 1));
const SCALES = QUALITIES.map((quality) => (quality < 50 ? 50 / quality : 2 - quality / 50));

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
  /** For each quality of QUALITIES: how near, of -1..1, the coefficients are to multiples of its steps. */
  readonly #nearness = QUALITIES.map(() => ({ sum: 0, count: 0 }));

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
    const stride = total <= FEW ? 1 : SPARING;
    for (let block = 0; block < total; block += stride) {
      const x = x0 + SIDE * (block % columns);
      const y = y0 + SIDE * Math.floor(block / columns);
      transform(grey, width, x + 4, y + 4);
      this.#vanished.off += vanishing();
      transform(grey, width, x, y);
      this.#vanished.on += vanishing();
      this.#vanished.of += SIDE * SIDE - 1;
      this.#addSizes();
    }
  }

  /** Takes the coefficients of a block that lies on the grid. */
  #addSizes(): void {
    for (const { at, step } of STEPPED) {
      const size = Math.abs(coefficients[at]!);
      for (const [i, scale] of SCALES.entries()) {
        const stepped = Math.max(1, Math.round(step * scale));
        if (size < stepped / 2) continue;
        this.#nearness[i]!.sum += Math.cos((2 * Math.PI * size) / stepped);
        this.#nearness[i]!.count++;
      }
    }
  }

  /** The encoder's setting, 5..95, that fits best, and how well, of -1..1. Multiples of a step fit its half as well. */
  #quality(): { quality: number; fit: number } {
    const fits = this.#nearness.map(({ sum, count }) => (count < TELLING ? 0 : sum / count));
    const best = Math.max(...fits);
    // The lowest quality, which has the largest steps.
    const index = fits.findIndex((fit) => fit >= 0.85 * best && fit > 0);
    return index < 0 ? { quality: 100, fit: 0 } : { quality: QUALITIES[index]!, fit: fits[index]! };
  }

  features(): number[] {
    const { quality, fit } = this.#quality();
    const level = this.#level / this.#count + 0.5;
    const outstanding = this.#steps.map((sums) => {
      const most = sums[strongest(sums)]!;
      const others = (sums.reduce((sum, value) => sum + value) - most) / (SIDE - 1);
      return (2 * SIDE * (most - others)) / this.#count / level;
    });
    const { on, off, of } = this.#vanished;
    const vanished = [on / (of + 1), (on - off) / (of + 1)];
    return [Math.min(...outstanding), Math.max(...outstanding), ...vanished, quality / 10, fit];
  }
}

function strongest(sums: Float64Array): number {
  return sums.indexOf(Math.max(...sums));
}

const rows = new Float64Array(64);
/** Of the block transformed last: `8 v + u`, rows of v. */
const coefficients = new Float64Array(64);

function transform(grey: Float32Array, width: number, x: number, y: number): void {
  for (let v = 0; v < SIDE; v++)
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      const start = (y + v) * width + x;
      for (let k = 0; k < SIDE; k++) sum += COSINES[8 * u + k]! * grey[start + k]!;
      rows[8 * v + u] = sum;
    }
  for (let v = 0; v < SIDE; v++)
    for (let u = 0; u < SIDE; u++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += COSINES[8 * v + k]! * rows[8 * k + u]!;
      coefficients[8 * v + u] = sum;
    }
}

/** How many of the 63 coefficients other than the mean vanish. */
function vanishing(): number {
  let count = 0;
  for (let i = 1; i < SIDE * SIDE; i++)
    if (coefficients[i]! < NEGLIGIBLE && coefficients[i]! > -NEGLIGIBLE) count++;
  return count;
}
