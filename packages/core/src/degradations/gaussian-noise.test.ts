import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import {
  addGaussianNoise,
  createDegradation,
  DegradationSettings,
  drawSigma,
  gaussianNoise,
} from './index.ts';

const side = 128;
const grey = new Float32Array(side * side * 3).fill(0.5);

/** Standard deviation of the added noise, 0..255. */
function measuredSigma(noisy: Float32Array, clean: Float32Array): number {
  const squares = noisy.reduce((sum, value, i) => sum + (value - clean[i]!) ** 2, 0);
  return 255 * Math.sqrt(squares / clean.length);
}

describe('gaussianNoise', () => {
  it('adds noise of the given sigma around zero and leaves the input alone', () => {
    const noisy = gaussianNoise({ sigma: 25 }).apply(grey, side, side, new Random(1));
    expect(measuredSigma(noisy, grey)).toBeCloseTo(25, 0);
    const mean = noisy.reduce((sum, value) => sum + value, 0) / noisy.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(grey.every((value) => value === 0.5)).toBe(true);
  });

  it('is white: neighbouring pixels and channels are uncorrelated', () => {
    const noisy = gaussianNoise({ sigma: 25 }).apply(grey, side, side, new Random(2));
    const noise = noisy.map((value) => (255 / 25) * (value - 0.5));
    for (const lag of [1, 3, 3 * side]) {
      const products = noise.slice(lag).reduce((sum, value, i) => sum + value * noise[i]!, 0);
      expect(Math.abs(products / (noise.length - lag))).toBeLessThan(0.02);
    }
  });

  it('is not clipped to 0..1', () => {
    const white = new Float32Array(3000).fill(1);
    const noisy = addGaussianNoise(white, 50, new Random(3));
    expect(noisy.some((value) => value > 1.2)).toBe(true);
    expect(measuredSigma(noisy, white)).toBeGreaterThan(47);
  });

  it('draws sigma uniformly from a range, once for each image', () => {
    const random = new Random(4);
    const drawn = Array.from({ length: 2000 }, () => drawSigma([10, 50], random));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(10);
    expect(Math.min(...drawn)).toBeLessThan(11);
    expect(Math.max(...drawn)).toBeGreaterThan(49);
    expect(Math.max(...drawn)).toBeLessThan(50);

    const noisy = gaussianNoise({ sigma: [0, 55] }).apply(grey, side, side, new Random(5));
    expect(measuredSigma(noisy, grey)).toBeCloseTo(drawSigma([0, 55], new Random(5)), 0);
  });

  it('stores the given share of images in 8 bits', () => {
    const stored = (eightBit: number, seed: number) =>
      gaussianNoise({ sigma: 50, eightBit })
        .apply(grey, side, side, new Random(seed))
        .every((value) => value >= 0 && value <= 1 && Math.abs(255 * value - Math.round(255 * value)) < 1e-4);
    expect(stored(1, 1)).toBe(true);
    expect(stored(0, 1)).toBe(false);
    const share = Array.from({ length: 40 }, (_, seed) => stored(0.5, seed)).filter(Boolean).length / 40;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });

  it('repeats itself from the same stream', () => {
    const blind = gaussianNoise({ sigma: [0, 55] });
    const noisy = blind.apply(grey, side, side, new Random(6));
    expect(blind.apply(grey, side, side, new Random(6))).toEqual(noisy);
    expect(blind.apply(grey, side, side, new Random(7))).not.toEqual(noisy);
  });
});

describe('DegradationSettings', () => {
  it('reads a fixed sigma and a range', () => {
    for (const sigma of [25, [0, 55]]) {
      const settings = DegradationSettings.parse({ kind: 'gaussian-noise', sigma });
      const noisy = createDegradation(settings).apply(grey, side, side, new Random(1)) as Float32Array;
      expect(measuredSigma(noisy, grey)).toBeGreaterThan(0);
    }
  });

  it('refuses an unknown kind, an unknown key, and a sigma that is no sigma', () => {
    const sound = { kind: 'gaussian-noise', sigma: 25 };
    expect(DegradationSettings.safeParse(sound).success).toBe(true);
    for (const settings of [
      { ...sound, kind: 'gausian-noise' },
      { ...sound, clip: true },
      { ...sound, eightBit: 2 },
      { ...sound, sigma: -1 },
      { ...sound, sigma: 256 },
      { ...sound, sigma: [50, 10] },
      { ...sound, sigma: [10] },
    ]) {
      expect(DegradationSettings.safeParse(settings).success).toBe(false);
    }
  });
});
