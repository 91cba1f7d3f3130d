import { beforeAll, describe, expect, it } from 'vitest';
import { builds, useBuild } from '../kernels/testing.ts';
import { Workspace } from '../kernels/workspace.ts';
import { Random } from '../random.ts';
import { Fourier, smoothLength } from './fourier.ts';

function noise(length: number): Float32Array {
  const random = new Random(1);
  return Float32Array.from({ length }, () => random.normal());
}

describe.each(builds)('Fourier, %s', (_name, file) => {
  beforeAll(() => useBuild(file));

  it('works in the side module where there is one', () => {
    expect(new Workspace().side !== undefined).toBe(file !== undefined);
  });

  it.each([
    [8, 8],
    [8, 32],
    [16, 24],
    [48, 32],
  ])('sums a plane of %i x %i against every wave', (width, height) => {
    const plane = noise(width * height);
    const fourier = new Fourier(width, height, new Workspace());
    const { re, im } = fourier.forward(plane);
    for (let kx = 0; kx < width; kx++)
      for (let row = 0; row < fourier.rows; row++) {
        const ky = Math.min(row, height / 2);
        let [real, imaginary] = [0, 0];
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const angle = -2 * Math.PI * ((kx * x) / width + (ky * y) / height);
            real += plane[y * width + x]! * Math.cos(angle);
            imaginary += plane[y * width + x]! * Math.sin(angle);
          }
        expect(re[kx * fourier.rows + row]).toBeCloseTo(real, 3);
        expect(im[kx * fourier.rows + row]).toBeCloseTo(imaginary, 3);
      }
  });

  it.each([
    [64, 96],
    [96, 64],
    [256, 192],
  ])('brings a plane of %i x %i back, and leaves its spectrum as it is', (width, height) => {
    const plane = noise(width * height);
    const fourier = new Fourier(width, height, new Workspace());
    const spectrum = fourier.forward(plane);
    for (let time = 0; time < 2; time++) {
      const back = fourier.inverse(spectrum);
      expect(Math.max(...plane.map((value, i) => Math.abs(value - back[i]!)))).toBeLessThan(1e-5);
    }
  });
});

it('finds the next length that it takes', () => {
  expect([3, 8, 9, 17, 100, 384, 385].map(smoothLength)).toEqual([8, 8, 16, 24, 128, 384, 512]);
});
