import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { createDegradation, DegradationSettings } from './index.ts';
import { shakeKernel } from './motion-blur.ts';

const side = 48;
const pattern = Float32Array.from(
  { length: side * side * 3 },
  (_, i) => 0.2 + (0.6 * ((i * 7919) % 101)) / 101,
);
const blurred = (settings: object, seed: number, pixels = pattern) =>
  createDegradation(DegradationSettings.parse({ kind: 'motion-blur', ...settings })).apply(
    pixels,
    side,
    side,
    new Random(seed),
  ) as Float32Array;
const still = { travel: 0, sigma: 0 };

describe('motionBlur', () => {
  it('leaves a picture alone when the camera is still', () => {
    for (const [i, value] of blurred(still, 1).entries()) expect(value).toBeCloseTo(pattern[i]!, 5);
  });

  it('keeps an even picture even, to its edges', () => {
    const even = new Float32Array(side * side * 3).fill(0.4);
    for (const value of blurred({ travel: 25, sigma: 0 }, 2, even)) expect(value).toBeCloseTo(0.4, 4);
  });

  it('smooths the more the further the camera travels', () => {
    const roughness = (travel: number) => {
      const result = blurred({ travel, shake: 0.1, sigma: 0 }, 3);
      let sum = 0;
      for (let i = 3; i < result.length; i++) sum += Math.abs(result[i]! - result[i - 3]!);
      return sum;
    };
    expect(roughness(8)).toBeLessThan(roughness(2));
    expect(roughness(2)).toBeLessThan(roughness(0));
  });

  it('adds up light, so that a lamp outshines what it is blurred with', () => {
    const lamp = new Float32Array(side * side * 3);
    const centre = 3 * ((side / 2) * side + side / 2);
    lamp.fill(1, centre, centre + 3);
    // Half of the light in 8 bits of gamma 2.2 is far more than half of the value.
    const brightest = Math.max(...blurred({ travel: 4, shake: 0, sigma: 0 }, 4, lamp));
    const { weights } = shakeKernel(4, 0, new Random(4));
    expect(brightest).toBeGreaterThan(1.5 * Math.max(...weights));
  });

  it('adds noise and clips', () => {
    const result = blurred({ travel: 0, sigma: 50 }, 5);
    expect(result.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(result.some((value, i) => Math.abs(value - pattern[i]!) > 0.1)).toBe(true);
  });

  it('repeats itself from the same stream', () => {
    expect(blurred({}, 6)).toEqual(blurred({}, 6));
    expect(blurred({}, 6)).not.toEqual(blurred({}, 7));
  });
});

describe('shakeKernel', () => {
  it('holds all light and has its centre of mass in the middle', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(seed);
      const { size, weights } = shakeKernel(random.uniform(0, 40), random.next(), random);
      expect(size % 2).toBe(1);
      expect(weights.length).toBe(size * size);
      const sum = (of: (index: number) => number) => weights.reduce((a, w, i) => a + w * of(i), 0);
      expect(sum(() => 1)).toBeCloseTo(1, 4);
      expect(sum((i) => i % size)).toBeCloseTo((size - 1) / 2, 3);
      expect(sum((i) => Math.floor(i / size))).toBeCloseTo((size - 1) / 2, 3);
    }
  });
});
