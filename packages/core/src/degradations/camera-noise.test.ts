import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { CameraNoiseSettings, cameraNoise, createDegradation, DegradationSettings } from './index.ts';

const side = 64;
const flat = (value: number) => new Float32Array(side * side * 3).fill(value);
const settings = (more: object) => CameraNoiseSettings.parse({ kind: 'camera-noise', stored: 0, ...more });

/** Of what was added to a flat picture: its deviation, and how much neighbours have in common (0..1). */
async function noiseOf(value: number, more: object, seed = 1) {
  const noisy = await cameraNoise(settings(more)).apply(flat(value), side, side, new Random(seed));
  const noise = noisy.map((got) => got - value);
  const mean = noise.reduce((sum, got) => sum + got, 0) / noise.length;
  const covariance = (lag: number) =>
    noise.slice(lag).reduce((sum, got, i) => sum + (got - mean) * (noise[i]! - mean), 0) /
    (noise.length - lag);
  return { mean, deviation: Math.sqrt(covariance(0)), alike: covariance(3) / covariance(0), noisy };
}

describe('cameraNoise', () => {
  it('grows with the shot noise and leaves the mean alone', async () => {
    const day = await noiseOf(0.5, { shot: -4, smoothing: 0 });
    const night = await noiseOf(0.5, { shot: -2, smoothing: 0 });
    expect(night.deviation).toBeGreaterThan(5 * day.deviation);
    expect(Math.abs(day.mean)).toBeLessThan(0.005);
  });

  it('is coarser than white noise, the more so when smoothed', async () => {
    const sharp = await noiseOf(0.5, { shot: -3, smoothing: 0 });
    const soft = await noiseOf(0.5, { shot: -3, smoothing: 0.8 });
    expect(sharp.alike).toBeGreaterThan(0.2);
    expect(soft.alike).toBeGreaterThan(sharp.alike + 0.1);
    expect(soft.deviation).toBeLessThan(sharp.deviation);
  });

  it('has much in common between the channels, unlike white noise', async () => {
    const { noisy } = await noiseOf(0.5, { shot: -3, smoothing: 0.6 });
    const channel = (which: number) => noisy.filter((_, i) => i % 3 === which).map((value) => value - 0.5);
    const [red, green] = [channel(0), channel(1)];
    const together = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    expect(together(red, green) / Math.sqrt(together(red, red) * together(green, green))).toBeGreaterThan(
      0.2,
    );
  });

  it('adds to the light, and so shows most in what is dark', async () => {
    const dark = await noiseOf(0.2, { shot: -3.5, smoothing: 0 });
    const bright = await noiseOf(0.8, { shot: -3.5, smoothing: 0 });
    expect(dark.deviation).toBeGreaterThan(bright.deviation);
  });

  it('holds 8-bit values, which JPEG gets where images are stored', async () => {
    const { noisy } = await noiseOf(0.5, {});
    expect(noisy.every((value) => Number.isInteger(Math.fround(Math.round(value * 255))) && value >= 0)).toBe(
      true,
    );
    expect(noisy.every((value) => Math.abs(255 * value - Math.round(255 * value)) < 1e-4)).toBe(true);
    const asked: number[] = [];
    const codec = async (bytes: Uint8Array, _: number, __: number, { quality }: { quality: number }) => {
      asked.push(quality);
      return bytes.map((byte) => 255 - byte);
    };
    const stored = cameraNoise(settings({ stored: 1, quality: [75, 98], shot: -6, smoothing: 0 }), codec);
    const inverted = await stored.apply(flat(0.2), side, side, new Random(1));
    expect(inverted[0]).toBeCloseTo(0.8, 1);
    expect(asked[0]).toBeGreaterThanOrEqual(75);
    await expect(
      cameraNoise(settings({ stored: 1 })).apply(flat(0.2), side, side, new Random(1)),
    ).rejects.toMatchObject({ code: 'degradation/no-codec' });
  });

  it('repeats itself from the same stream', async () => {
    const once = await noiseOf(0.4, {}, 3);
    expect((await noiseOf(0.4, {}, 3)).noisy).toEqual(once.noisy);
    expect((await noiseOf(0.4, {}, 4)).noisy).not.toEqual(once.noisy);
  });
});

describe('mixture', () => {
  const mixed = DegradationSettings.parse({
    kind: 'mixture',
    parts: [
      { share: 3, of: { kind: 'gaussian-noise', sigma: 200 } },
      { of: { kind: 'motion-blur', travel: 0, sigma: 0 } },
    ],
  });

  it('spoils each image by one part, as often as its share says', async () => {
    const degradation = createDegradation(mixed);
    let noisy = 0;
    for (let seed = 0; seed < 200; seed++) {
      const spoilt = await degradation.apply(flat(0.5).subarray(0, 192), 8, 8, new Random(seed));
      if (spoilt.some((value) => Math.abs(value - 0.5) > 0.1)) noisy++;
    }
    expect(noisy).toBeGreaterThan(130);
    expect(noisy).toBeLessThan(170);
  });

  it('refuses a single part, and one that changes the size', () => {
    const part = { of: { kind: 'gaussian-noise', sigma: 1 } };
    const shrinking = { of: { kind: 'bicubic-downscale', scale: 2 } };
    for (const parts of [[part], [part, shrinking], [part, { ...part, share: 0 }]])
      expect(DegradationSettings.safeParse({ kind: 'mixture', parts }).success).toBe(false);
  });
});
