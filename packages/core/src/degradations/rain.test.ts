import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { createDegradation, DegradationSettings } from './index.ts';

const side = 96;
const grey = new Float32Array(side * side * 3).fill(0.3);
const rained = (settings: object, seed: number, pixels = grey) =>
  createDegradation(DegradationSettings.parse({ kind: 'rain', ...settings })).apply(
    pixels,
    side,
    side,
    new Random(seed),
  ) as Float32Array;
const covered = (pixels: Float32Array) =>
  pixels.filter((value) => value > 0.3 + 8 / 255).length / pixels.length;

describe('rain', () => {
  it('adds grey light, never takes any away, and leaves its input alone', () => {
    const result = rained({ coverage: 0.3, brightness: 0.5 }, 1);
    expect(grey.every((value) => value === grey[0])).toBe(true);
    for (let i = 0; i < result.length; i += 3) {
      expect(result[i]).toBeGreaterThanOrEqual(grey[0]!);
      expect(result[i + 1]).toBe(result[i]);
      expect(result[i + 2]).toBe(result[i]);
    }
    expect(Math.max(...result)).toBeGreaterThan(0.6);
  });

  it('clips where a camera would', () => {
    const result = rained({ coverage: 0.9, brightness: 1 }, 2, new Float32Array(side * side * 3).fill(0.9));
    expect(Math.max(...result)).toBe(1);
  });

  it('covers about the share it is asked for', () => {
    const shares = Array.from({ length: 20 }, (_, seed) =>
      covered(rained({ coverage: 0.2, brightness: 0.5, width: 1 }, seed)),
    );
    const mean = shares.reduce((a, b) => a + b) / shares.length;
    expect(mean).toBeGreaterThan(0.12);
    expect(mean).toBeLessThan(0.28);
    expect(covered(rained({ coverage: 0 }, 1))).toBe(0);
    expect(covered(rained({ coverage: 0.1, layers: 5 }, 1))).toBeGreaterThan(
      1.5 * covered(rained({ coverage: 0.1 }, 1)),
    );
  });

  it('falls along its angle', () => {
    const result = rained({ coverage: 0.1, angle: 0, length: 60, width: 0.5, brightness: 0.8 }, 3);
    const alike = (step: number) => {
      let sum = 0;
      for (let i = 0; i < result.length - 3 * step; i += 3)
        sum += (result[i]! - 0.3) * (result[i + 3 * step]! - 0.3);
      return sum;
    };
    // Five pixels further down the streak goes on, five to the side there is another or none.
    expect(alike(5 * side)).toBeGreaterThan(3 * alike(5));
  });

  it('repeats itself from the same stream', () => {
    expect(rained({}, 7)).toEqual(rained({}, 7));
    expect(rained({}, 7)).not.toEqual(rained({}, 8));
  });
});
