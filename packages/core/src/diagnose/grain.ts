import { quantile, type Region } from './regions.ts';
import { GAIN, residual } from './residual.ts';

/** Side of the blocks, in pixels of an octave: one fits where a photograph of 32 pixels is a quarter as large. */
const BLOCK = 6;
/** Each halves the photograph once more. */
const OCTAVES = 3;

interface Plane {
  data: Float32Array;
  width: number;
  height: number;
}

/**
 * Gathers how much is left in the flattest blocks, of grey and of colour, at three sizes of detail. A camera smooths its
 * noise, and that of colours most: what is hardly seen from pixel to pixel is there at twice and four times the size, in
 * colours too, where a clear sky has nothing at any size.
 */
export class GrainStatistics {
  /** Deviations of the blocks, by octave. Grey at the size of a pixel is what NoiseStatistics looks at. */
  readonly #grey: number[][] = Array.from({ length: OCTAVES - 1 }, () => []);
  readonly #colour: number[][] = Array.from({ length: OCTAVES }, () => []);

  add({ width, height, red, green, blue, grey }: Region): void {
    let luma: Plane = { data: grey, width, height };
    for (const deviations of this.#grey) {
      luma = halved(luma);
      for (const variance of blockVariances(luma)) deviations.push(Math.sqrt(variance));
    }
    let redness: Plane = { data: difference(red, green), width, height };
    let blueness: Plane = { data: difference(blue, green), width, height };
    for (const [octave, deviations] of this.#colour.entries()) {
      if (octave > 0) [redness, blueness] = [halved(redness), halved(blueness)];
      const others = blockVariances(blueness);
      for (const [i, variance] of blockVariances(redness).entries())
        deviations.push(Math.sqrt((variance + others[i]!) / 2));
    }
  }

  features(): number[] {
    return [...this.#grey, ...this.#colour].flatMap((deviations) =>
      [0.1, 0.4].map((share) => Math.log(quantile(deviations, share) + 0.2)),
    );
  }
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]!);
}

/** Means of 2 x 2. */
function halved({ data, width, height }: Plane): Plane {
  const half = {
    data: new Float32Array((width >> 1) * (height >> 1)),
    width: width >> 1,
    height: height >> 1,
  };
  for (let y = 0, to = 0; y < half.height; y++)
    for (let x = 0, i = 2 * y * width; x < half.width; x++, to++, i += 2)
      half.data[to] = (data[i]! + data[i + 1]! + data[i + width]! + data[i + width + 1]!) / 4;
  return half;
}

/** Of a second difference along both axes, scaled so that white noise keeps its variance. */
function blockVariances({ data, width, height }: Plane): number[] {
  const variances: number[] = [];
  for (let top = 1; top + BLOCK + 1 <= height; top += BLOCK)
    for (let left = 1; left + BLOCK + 1 <= width; left += BLOCK) {
      let power = 0;
      for (let y = top; y < top + BLOCK; y++)
        for (let i = y * width + left; i < y * width + left + BLOCK; i++) {
          const rest = residual(data, i, 1, width);
          power += rest * rest;
        }
      variances.push(power / (BLOCK * BLOCK * GAIN));
    }
  return variances;
}
