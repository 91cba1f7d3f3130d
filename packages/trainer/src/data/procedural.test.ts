import { Random } from '@pellucid/core';
import { describe, expect, it } from 'vitest';
import { noiseTile } from './noise-tile.ts';
import { proceduralPhotograph } from './procedural.ts';

const size = 128;
const random = new Random('procedural.test');
const pictures = Array.from({ length: 16 }, (_, i) => proceduralPhotograph(size, random.fork(String(i))));
const lightness = pictures.map(({ data }) =>
  Float64Array.from(
    { length: size * size },
    (_, i) => (data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!) / 3,
  ),
);

describe('proceduralPhotograph', () => {
  it('depends on the stream alone', () => {
    expect(proceduralPhotograph(48, new Random(1))).toEqual(proceduralPhotograph(48, new Random(1)));
    expect(proceduralPhotograph(48, new Random(1))).not.toEqual(proceduralPhotograph(48, new Random(2)));
  });

  it('has a power spectrum near 1/f^2, as photographs have', () => {
    const power = new Float64Array(size / 2);
    for (const plane of lightness) {
      for (const [f, value] of radialPower(plane).entries()) power[f]! += value;
    }
    expect(slope(power, 3, 50)).toBeGreaterThan(-2.6);
    expect(slope(power, 3, 50)).toBeLessThan(-1.9);
  });

  it('has a heavy-tailed gradient histogram: mostly flat, with strong edges', () => {
    const gradients = lightness.flatMap((plane) =>
      Array.from(plane.subarray(1), (value, i) => ((i + 1) % size === 0 ? 0 : value - plane[i]!)),
    );
    const moment = (power: number) =>
      gradients.reduce((sum, value) => sum + value ** power, 0) / gradients.length;
    expect(moment(4) / moment(2) ** 2).toBeGreaterThan(8);
    const share = (test: (value: number) => boolean) =>
      gradients.filter((value) => test(Math.abs(value))).length / gradients.length;
    expect(share((value) => value < 2)).toBeGreaterThan(0.2);
    expect(share((value) => value > 30)).toBeGreaterThan(0.03);
  });

  it('varies most in lightness, less in blue against yellow, least in green against magenta', () => {
    const deviation = (axis: (r: number, g: number, b: number) => number) => {
      const values = pictures.flatMap(({ data }) =>
        Array.from({ length: size * size }, (_, i) => axis(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!)),
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    };
    const light = deviation((r, g, b) => (r + g + b) / 3);
    const yellow = deviation((r, _, b) => r - b);
    const green = deviation((r, g, b) => g - (r + b) / 2);
    expect(light).toBeGreaterThan(40);
    expect(yellow).toBeLessThan(light);
    expect(green).toBeLessThan(yellow / 2);
  });

  it('uses the range of bytes and clips little', () => {
    const values = pictures.flatMap(({ data }) => Array.from(data));
    const clipped = values.filter((value) => value === 0 || value === 255).length / values.length;
    expect(clipped).toBeLessThan(0.06);
    expect(values.filter((value) => value > 200).length / values.length).toBeGreaterThan(0.03);
    expect(values.filter((value) => value < 30).length / values.length).toBeGreaterThan(0.03);
  });

  it('draws pictures of any size', () => {
    for (const side of [1, 7, 100]) {
      expect(proceduralPhotograph(side, new Random(side))).toMatchObject({
        width: side,
        height: side,
        channels: 3,
      });
    }
  });
});

describe('noiseTile', () => {
  it('repeats without a seam and has mean 0 and variance 1', () => {
    const tile = noiseTile(0, new Random(1));
    const values = Array.from({ length: 256 * 256 }, (_, i) => tile.at(i % 256, Math.floor(i / 256)));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0, 4);
    expect(values.reduce((sum, value) => sum + value ** 2, 0) / values.length).toBeCloseTo(1, 4);
    expect(tile.at(-3.25, 700.5)).toBeCloseTo(tile.at(252.75, 188.5), 10);
    const middle = (tile.at(255, 8) + tile.at(0, 8)) / 2;
    expect(tile.at(255.5, 8)).toBeCloseTo(middle, 6);
  });

  it('is smoother the larger the smoothness', () => {
    const roughness = [0, 1].map((smoothness) => {
      const tile = noiseTile(smoothness, new Random(2));
      const steps = Array.from(
        { length: 4096 },
        (_, i) => tile.at(i % 256, i / 256) - tile.at((i % 256) + 1, i / 256),
      );
      return steps.reduce((sum, step) => sum + step ** 2, 0);
    });
    expect(roughness[1]).toBeLessThan(roughness[0]! / 10);
  });
});

/** Mean power of a square plane at each whole frequency, under a Hann window. */
function radialPower(plane: Float64Array): Float64Array {
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  const hann = Float64Array.from({ length: size }, (_, k) => Math.sin((Math.PI * (k + 0.5)) / size) ** 2);
  const real = plane.map((value, i) => (value - mean) * hann[i % size]! * hann[Math.floor(i / size)]!);
  const imaginary = new Float64Array(plane.length);
  for (let line = 0; line < size; line++) transform(real, imaginary, line * size, 1);
  for (let line = 0; line < size; line++) transform(real, imaginary, line, size);
  const sums = new Float64Array(size / 2);
  const counts = new Float64Array(size / 2);
  for (let i = 0; i < plane.length; i++) {
    const [x, y] = [i % size, Math.floor(i / size)];
    const f = Math.round(Math.hypot(Math.min(x, size - x), Math.min(y, size - y)));
    if (f >= size / 2) continue;
    sums[f]! += real[i]! ** 2 + imaginary[i]! ** 2;
    counts[f]!++;
  }
  return sums.map((sum, f) => sum / counts[f]!);
}

/** Fourier transform, in place, of `size` values that begin at `start` and lie `step` apart. */
function transform(real: Float64Array, imaginary: Float64Array, start: number, step: number): void {
  const take = (values: Float64Array) => Array.from({ length: size }, (_, k) => values[start + k * step]!);
  const [re, im] = fourier(take(real), take(imaginary));
  for (let k = 0; k < size; k++) {
    real[start + k * step] = re[k]!;
    imaginary[start + k * step] = im[k]!;
  }
}

/** Fourier transform of a power of two of values, from those of its even and its odd ones (Cooley and Tukey). */
function fourier(re: number[], im: number[]): [number[], number[]] {
  const count = re.length;
  if (count === 1) return [re, im];
  const half = count / 2;
  const part = (parity: number) => (_: number, k: number) => k % 2 === parity;
  const [evenRe, evenIm] = fourier(re.filter(part(0)), im.filter(part(0)));
  const [oddRe, oddIm] = fourier(re.filter(part(1)), im.filter(part(1)));
  const outRe = new Array<number>(count);
  const outIm = new Array<number>(count);
  for (let k = 0; k < half; k++) {
    const [cos, sin] = [Math.cos((-2 * Math.PI * k) / count), Math.sin((-2 * Math.PI * k) / count)];
    const turnedRe = cos * oddRe[k]! - sin * oddIm[k]!;
    const turnedIm = cos * oddIm[k]! + sin * oddRe[k]!;
    outRe[k] = evenRe[k]! + turnedRe;
    outIm[k] = evenIm[k]! + turnedIm;
    outRe[k + half] = evenRe[k]! - turnedRe;
    outIm[k + half] = evenIm[k]! - turnedIm;
  }
  return [outRe, outIm];
}

/** Slope of log power over log frequency, each octave weighing the same. */
function slope(power: Float64Array, from: number, to: number): number {
  const points = Array.from({ length: to - from + 1 }, (_, k) => from + k).map((f) => ({
    weight: 1 / f,
    x: Math.log(f),
    y: Math.log(power[f]!),
  }));
  const mean = (value: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + point.weight * value(point), 0) /
    points.reduce((sum, point) => sum + point.weight, 0);
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  return mean(({ x, y }) => (x - meanX) * (y - meanY)) / mean(({ x }) => (x - meanX) ** 2);
}
