import { quantile, type Region } from './regions.ts';
import { GAIN, residual } from './residual.ts';

/** Side of the blocks whose residuals are told apart: flat ones hold the noise and nothing else. */
const BLOCK = 8;
/** The share of blocks taken for flat. */
const FLAT = 0.3;

interface Block {
  /** Of the residual, mean of the channels, scaled so that white noise keeps its variance. */
  variance: number;
  /** Covariance between channels, mean of three pairs, scaled alike. */
  shared: number;
  /** Variance of the residual of every second pixel, scaled alike. */
  wide: number;
}

/**
 * Gathers what is left of a photograph behind a second difference along both axes (Immerkaer, "Fast noise variance
 * estimation", 1996), block by block.
 *
 * Sensor noise differs from channel to channel and from pixel to pixel; texture is much the same in the channels and
 * smoother.
 */
export class NoiseStatistics {
  readonly #blocks: Block[] = [];
  #magnitude = 0;
  #power = 0;
  #pixels = 0;

  add({ width, height, red, green, blue }: Region): void {
    for (let top = 2; top + BLOCK + 2 <= height; top += BLOCK)
      for (let left = 2; left + BLOCK + 2 <= width; left += BLOCK) {
        let [power, shared, wide] = [0, 0, 0];
        for (let y = top; y < top + BLOCK; y++)
          for (let i = y * width + left; i < y * width + left + BLOCK; i++) {
            const r = residual(red, i, 1, width);
            const g = residual(green, i, 1, width);
            const b = residual(blue, i, 1, width);
            power += r * r + g * g + b * b;
            shared += r * g + g * b + b * r;
            const far = residual(green, i, 2, 2 * width);
            wide += far * far;
            this.#magnitude += g < 0 ? -g : g;
            this.#power += g * g;
          }
        const count = BLOCK * BLOCK * GAIN;
        this.#blocks.push({ variance: power / 3 / count, shared: shared / 3 / count, wide: wide / count });
        this.#pixels += BLOCK * BLOCK;
      }
  }

  features(): number[] {
    const flat = this.#flat();
    const all = this.#mean(this.#blocks);
    const deviations = this.#blocks.map(({ variance }) => Math.sqrt(variance));
    return [
      Math.log(Math.sqrt(flat.variance) + 0.3),
      Math.log(quantile(deviations, 0.1) + 0.3),
      Math.log(quantile(deviations, 0.5) + 0.3),
      Math.log(quantile(deviations, 0.9) + 0.3),
      flat.shared / (flat.variance + 0.05),
      all.shared / (all.variance + 0.05),
      Math.log((flat.wide + 0.1) / (flat.variance + 0.1)),
      Math.log((all.wide + 0.1) / (all.variance + 0.1)),
      // 0.64 of a Gaussian, less where a few strong edges stand out of much that is smooth.
      this.#magnitude ** 2 / (this.#power * this.#pixels + 1e-3),
    ];
  }

  #flat(): Block {
    this.#blocks.sort((a, b) => a.variance - b.variance);
    return this.#mean(this.#blocks.slice(0, Math.max(1, Math.floor(FLAT * this.#blocks.length))));
  }

  #mean(blocks: Block[]): Block {
    const mean = (key: keyof Block) => blocks.reduce((sum, block) => sum + block[key], 0) / blocks.length;
    return { variance: mean('variance'), shared: mean('shared'), wide: mean('wide') };
  }
}
