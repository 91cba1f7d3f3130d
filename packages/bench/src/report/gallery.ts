import { type FloatRaster, window } from '../datasets/raster.ts';

/** The same part of one photograph: before, after, and as it should be. */
export interface Views {
  input: FloatRaster;
  output: FloatRaster;
  truth: FloatRaster;
}

export interface Exhibit {
  table: string;
  candidate: string;
  file: string;
  input: { psnr: number };
  output: { psnr: number };
}

/** The least and the most that a candidate gained on a set, with what it looks like. */
export interface Extremes {
  worst: Exhibit & { views: Views };
  best: Exhibit & { views: Views };
}

const WIDTH = 240;
const HEIGHT = 180;

/**
 * Keeps, while a bench runs, the photograph on which each candidate gained most over its input and the one on which it
 * gained least: of each no more than the window in which the restored image is furthest from the truth.
 */
export class Gallery {
  readonly #extremes = new Map<string, Extremes>();

  offer(exhibit: Exhibit, views: Views): void {
    const key = `${exhibit.table}\n${exhibit.candidate}`;
    const known = this.#extremes.get(key);
    const better = !known || gain(exhibit) > gain(known.best);
    const worse = !known || gain(exhibit) < gain(known.worst);
    if (!better && !worse) return;
    const shown = { ...exhibit, views: closeUp(views) };
    this.#extremes.set(key, {
      best: better ? shown : known.best,
      worst: worse ? shown : known.worst,
    });
  }

  extremes(): Extremes[] {
    return [...this.#extremes.values()];
  }
}

function gain({ input, output }: Exhibit): number {
  return output.psnr - input.psnr;
}

/** The window of the largest squared error, on a grid of half windows. */
function closeUp({ input, output, truth }: Views): Views {
  const width = Math.min(WIDTH, truth.width);
  const height = Math.min(HEIGHT, truth.height);
  let worst = { left: 0, top: 0, error: -1 };
  for (const top of positions(truth.height, height))
    for (const left of positions(truth.width, width)) {
      const error = squaredError(output, truth, left, top, width, height);
      if (error > worst.error) worst = { left, top, error };
    }
  const cut = (image: FloatRaster) => window(image, worst.left, worst.top, width, height);
  return { input: cut(input), output: cut(output), truth: cut(truth) };
}

function positions(length: number, size: number): number[] {
  const step = Math.max(1, size >> 1);
  const steps = Math.ceil((length - size) / step);
  return Array.from({ length: steps + 1 }, (_, index) => Math.min(index * step, length - size));
}

function squaredError(
  a: FloatRaster,
  b: FloatRaster,
  left: number,
  top: number,
  width: number,
  height: number,
): number {
  let sum = 0;
  for (let y = top; y < top + height; y++) {
    const from = 3 * (y * a.width + left);
    for (let i = from; i < from + 3 * width; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  }
  return sum;
}
