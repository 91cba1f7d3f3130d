import type { Region } from './regions.ts';

/** Half the width, in pixels, of what is thin. */
const THIN = 3;
/** What stands out is counted up to this many grey levels. */
const MOST = 40;
/** How far along a streak it is looked for again, and how far aside: up to 40 degrees from the vertical. */
const ALONG = 6;
const ASIDE = 5;

/**
 * Gathers thin things that stand out across, and whether they go on along one direction near the vertical, as rain
 * does: bright rather than dark, grey, and slanted alike.
 */
export class StreakStatistics {
  /** By slant: products of what stands out with what does further along, of bright and of dark. */
  readonly #bright = new Float64Array(2 * ASIDE + 1);
  readonly #dark = new Float64Array(2 * ASIDE + 1);
  /** The same at twice the distance. */
  readonly #far = new Float64Array(2 * ASIDE + 1);
  #brightPower = 0;
  #darkPower = 0;
  #cubes = 0;
  #count = 0;

  add({ width, height, grey }: Region): void {
    const margin = Math.max(THIN, 2 * ASIDE);
    if (width <= 2 * margin || height <= 2 * ALONG) return;
    const outstanding = new Float32Array(width * height);
    for (let y = 0; y < height; y++)
      for (let i = y * width + THIN; i < (y + 1) * width - THIN; i++) {
        const value = grey[i]! - 0.5 * (grey[i - THIN]! + grey[i + THIN]!);
        outstanding[i] = Math.min(MOST, Math.max(-MOST, value));
      }
    for (let y = 0; y < height - 2 * ALONG; y += 2)
      for (let i = y * width + margin; i < (y + 1) * width - margin; i++) {
        const value = outstanding[i]!;
        this.#cubes += value * value * value;
        this.#count++;
        const isBright = value > 0;
        if (isBright) this.#brightPower += value * value;
        else this.#darkPower += value * value;
        const products = isBright ? this.#bright : this.#dark;
        const there = i + ALONG * width - ASIDE;
        const far = i + 2 * (ALONG * width - ASIDE);
        for (let slant = 0; slant <= 2 * ASIDE; slant++) {
          const product = value * outstanding[there + slant]!;
          if (product > 0) products[slant]! += product;
          if (isBright) this.#far[slant]! += value * outstanding[far + 2 * slant]!;
        }
      }
  }

  features(): number[] {
    const { most, mean } = peak(this.#bright, this.#brightPower);
    const dark = peak(this.#dark, this.#darkPower);
    const far = peak(this.#far, this.#brightPower);
    const power = (this.#brightPower + this.#darkPower) / (this.#count + 1);
    return [
      most,
      most - mean,
      most - dark.most,
      far.most,
      far.most - far.mean,
      Math.log((this.#brightPower + 1) / (this.#darkPower + 1)),
      this.#cubes / (this.#count + 1) / (power + 1) ** 1.5,
      Math.log(power + 1),
    ];
  }
}

function peak(products: Float64Array, power: number): { most: number; mean: number } {
  const shares = Array.from(products, (value) => value / (power + 1));
  return { most: Math.max(...shares), mean: shares.reduce((sum, value) => sum + value) / shares.length };
}
