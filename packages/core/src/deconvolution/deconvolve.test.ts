import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type BlurKernel, motionBlur, shakeKernel } from '../degradations/motion-blur.ts';
import { psnr } from '../metrics/index.ts';
import { Random } from '../random.ts';
import type { Raster } from '../raster.ts';
import { deconvolve, divide } from './deconvolve.ts';

function finish<T>(steps: Generator<number, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Discs and bars of many sizes and colours, one over the other. */
function scene(width: number, height: number): Raster {
  const random = new Random('scene');
  const data = new Float32Array(width * height * 3).fill(0.5);
  for (let shape = 0; shape < 150; shape++) {
    const [left, top] = [random.uniform(0, width), random.uniform(0, height)];
    const [across, down] = [random.uniform(3, 40), random.uniform(3, 40)];
    const round = random.next() < 0.5;
    const colour = [random.next(), random.next(), random.next()];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [u, v] = [(x - left) / across, (y - top) / down];
        if (round ? u * u + v * v < 1 : Math.max(Math.abs(u), Math.abs(v)) < 1)
          data.set(colour, (y * width + x) * 3);
      }
  }
  return { width, height, channels: 3, data };
}

function shaken(image: Raster, travel: number, seed: number): Raster {
  const { width, height, data } = image;
  const blur = motionBlur({ travel, shake: 0.3, sigma: 1 });
  return {
    ...image,
    data: blur.apply(data as Float32Array, width, height, new Random(seed)) as Float32Array,
  };
}

/** The kernel that `shaken` blurs with. */
function kernelOf(travel: number, seed: number): BlurKernel {
  return shakeKernel(travel, 0.3, new Random(seed));
}

const sharp = scene(320, 240);

function bytes(image: Raster, channels: 3 | 4 = 3): Raster & { data: Uint8Array } {
  const data = new Uint8Array(image.width * image.height * channels).fill(77);
  for (let i = 0; i < image.width * image.height; i++)
    for (let channel = 0; channel < 3; channel++)
      data[i * channels + channel] = Math.round(255 * image.data[i * 3 + channel]!);
  return { ...image, channels, data };
}

describe('deconvolve', () => {
  it.each([
    [8, 1],
    [16, 2],
    [24, 3],
  ])('finds a path of %i pixels, and takes it off', async (travel, seed) => {
    const blurred = shaken(sharp, travel, seed);
    const restored = await deconvolve(blurred);
    const known = finish(divide(blurred, kernelOf(travel, seed)));
    const [before, after, best] = [blurred, restored, known].map((image) =>
      psnr(image, sharp, { channel: 'RGB', crop: 0, round: true }),
    ) as [number, number, number];
    expect(best).toBeGreaterThan(before + 2.5);
    expect(after).toBeGreaterThan(before + 0.5 * (best - before));
  });

  it('gives back the very photograph where there is no blur, or too little to tell by', async () => {
    expect((await deconvolve(sharp)) === sharp).toBe(true);
    const noisy = shaken(sharp, 0, 4);
    expect((await deconvolve(noisy)) === noisy).toBe(true);
    const flat = { ...sharp, data: new Float32Array(sharp.data.length).fill(0.3) };
    expect((await deconvolve(flat)) === flat).toBe(true);
    const small = scene(63, 240);
    expect((await deconvolve(small)) === small).toBe(true);
  });

  it('makes of bytes, words and floats the same picture, and leaves alpha alone', () => {
    const blurred = bytes(shaken(sharp, 10, 1));
    const kernel = kernelOf(10, 1);
    const words = { ...blurred, data: Uint16Array.from(blurred.data, (value) => 257 * value) };
    const floats = { ...blurred, data: Float32Array.from(blurred.data, (value) => value / 255) };
    const transparent = bytes(shaken(sharp, 10, 1), 4);
    const [of8, of16, ofFloat, ofAlpha] = [blurred, words, floats, transparent].map((image) =>
      finish(divide(image, kernel)),
    ) as [Raster, Raster, Raster, Raster];
    for (let i = 0; i < of8.data.length; i++) {
      expect(Math.abs(of16.data[i]! / 257 - of8.data[i]!)).toBeLessThanOrEqual(0.51);
      expect(Math.abs(255 * ofFloat.data[i]! - of8.data[i]!)).toBeLessThanOrEqual(0.51);
    }
    for (let i = 0; i < sharp.width * sharp.height; i++) {
      expect(ofAlpha.data[4 * i + 1]).toBe(of8.data[3 * i + 1]);
      expect(ofAlpha.data[4 * i + 3]).toBe(77);
    }
  });

  it('leaves what is flat as it is', () => {
    const flat = { ...sharp, data: new Float32Array(sharp.data.length).fill(0.3) };
    const { data } = finish(divide(flat, kernelOf(12, 5)));
    expect(Array.from(data).every((value) => Math.abs(value - 0.3) < 1e-4)).toBe(true);
  });

  it('shows no seam between tiles', () => {
    const wide = shaken(scene(800, 120), 14, 6);
    const kernel = kernelOf(14, 6);
    const whole = finish(divide(wide, kernel));
    // Of light: two tiles meet at column 400, which is inside this one.
    const cropped = finish(divide(window(wide, 100, 588), kernel));
    let most = 0;
    for (let y = 0; y < 120; y++)
      for (let x = 3 * 300; x < 3 * 500; x++) {
        const [a, b] = [whole.data[y * 2400 + x]!, cropped.data[y * 1764 + x - 300]!];
        most = Math.max(most, Math.abs(a ** 2.2 - b ** 2.2));
      }
    expect(most).toBeLessThan(0.005);
  });

  it('holds 24 MiB at most beside a megapixel and what it makes of it, as packages/edge/MEMORY.md counts', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const held = () => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const tile = bytes(shaken(sharp, 10, 1));
    const data = new Uint8Array(1024 * 1024 * 3);
    for (let i = 0; i < data.length; i++) {
      const [x, y] = [i % 3072, Math.floor(i / 3072)];
      data[i] = tile.data[(y % 240) * 960 + (x % 960)]!;
    }
    const image: Raster = { width: 1024, height: 1024, channels: 3, data };
    held();
    // What was collected is given back a little later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = held();
    let most = 0;
    let steps = 0;
    const crowded = () => {
      if (steps++ % 5 === 0) most = Math.max(most, held());
      return false;
    };
    expect((await deconvolve(image, { crowded })) === image).toBe(false);
    expect(most - before - image.data.length).toBeLessThan(24 * 2 ** 20);
  });

  it('pauses, and stops there when aborted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')));
    const start = performance.now();
    await expect(deconvolve(shaken(sharp, 10, 1), { signal: controller.signal })).rejects.toThrow('enough');
    expect(performance.now() - start).toBeLessThan(1000);
    await expect(deconvolve(sharp, { signal: controller.signal })).rejects.toThrow('enough');
  });
});

function window({ width, height, data }: Raster, left: number, size: number): Raster {
  const part = new Float32Array(size * height * 3);
  for (let y = 0; y < height; y++)
    part.set(
      (data as Float32Array).subarray((y * width + left) * 3, (y * width + left + size) * 3),
      y * size * 3,
    );
  return { width: size, height, channels: 3, data: part };
}
