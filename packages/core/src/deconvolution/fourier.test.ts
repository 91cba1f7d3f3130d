import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { Fourier, smoothLength } from './fourier.ts';

function noise(length: number): Float32Array {
  const random = new Random(1);
  return Float32Array.from({ length }, () => random.normal());
}

describe('Fourier', () => {
  it.each([
    [4, 4],
    [6, 8],
    [12, 6],
    [16, 24],
    [48, 32],
  ])('sums a plane of %i x %i against every wave', (width, height) => {
    const plane = noise(width * height);
    const { re, im } = new Fourier(width, height).forward(plane);
    const rows = height / 2 + 1;
    for (let kx = 0; kx < width; kx++)
      for (let ky = 0; ky < rows; ky++) {
        let [real, imaginary] = [0, 0];
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const angle = -2 * Math.PI * ((kx * x) / width + (ky * y) / height);
            real += plane[y * width + x]! * Math.cos(angle);
            imaginary += plane[y * width + x]! * Math.sin(angle);
          }
        expect(re[kx * rows + ky]).toBeCloseTo(real, 3);
        expect(im[kx * rows + ky]).toBeCloseTo(imaginary, 3);
      }
  });

  it.each([
    [64, 96],
    [96, 64],
    [256, 192],
  ])('brings a plane of %i x %i back', (width, height) => {
    const plane = noise(width * height);
    const fourier = new Fourier(width, height);
    const back = fourier.inverse(fourier.forward(plane));
    expect(Math.max(...plane.map((value, i) => Math.abs(value - back[i]!)))).toBeLessThan(1e-5);
  });

  it('finds the next length that it takes', () => {
    expect([3, 4, 5, 7, 100, 384, 385].map(smoothLength)).toEqual([4, 4, 6, 8, 128, 384, 512]);
  });
});
