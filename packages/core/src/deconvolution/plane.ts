import { smoothLength } from './fourier.ts';

/** Values of one channel, row by row. */
export interface Plane {
  width: number;
  height: number;
  values: Float32Array;
}

/**
 * Surrounds a plane by at least `margin` pixels, up to a size that `Fourier` takes: its edge goes on outwards. (A mirrored
 * edge would be blurred the other way round, and rings more.)
 */
export function surround({ width, height, values }: Plane, margin: number): Plane {
  const across = smoothLength(width + 2 * margin);
  const down = smoothLength(height + 2 * margin);
  const left = (across - width) >> 1;
  const top = (down - height) >> 1;
  const surrounded = new Float32Array(across * down);
  for (let y = 0, to = 0; y < down; y++) {
    const row = within(y - top, height) * width;
    for (let x = 0; x < across; x++) surrounded[to++] = values[row + within(x - left, width)]!;
  }
  return { width: across, height: down, values: surrounded };
}

/** The index itself, or the nearest that there is. */
export function within(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}

/** Fades a plane's outermost `margin` pixels into its mean, so that it can be taken to repeat itself. */
export function fadeOut({ width, height, values }: Plane, margin: number): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const columns = fade(width, margin);
  const rows = fade(height, margin);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) values[i] = mean + rows[y]! * columns[x]! * (values[i]! - mean);
}

/** From nearly 0 at both ends to 1 within `margin` samples. */
function fade(length: number, margin: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const inwards = Math.min((Math.min(i, length - 1 - i) + 0.5) / margin, 1);
    return 0.5 - 0.5 * Math.cos(Math.PI * inwards);
  });
}
