import { Random, type Raster } from '@pellucid/core';
import { expect, test } from 'vitest';
import { bleed } from './bleed.ts';

test('bleed puts the nearest visible colour under what is transparent, and leaves all else', () => {
  const random = new Random(4);
  const [width, height] = [23, 17];
  for (const visible of [1, 5, 200]) {
    const data = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? 0 : random.integer(256),
    );
    const seen: number[] = [];
    for (let n = 0; n < visible; n++) seen.push(random.integer(width * height));
    for (const i of seen) data[4 * i + 3] = 1 + random.integer(255);
    const image: Raster = { width, height, channels: 4, data: data.slice() };
    bleed(image);
    const colour = (of: Raster['data'], i: number) => [...of.subarray(4 * i, 4 * i + 3)].join();
    const steps = (a: number, b: number) =>
      Math.abs((a % width) - (b % width)) + Math.abs(Math.floor(a / width) - Math.floor(b / width));
    for (let i = 0; i < width * height; i++) {
      expect(image.data[4 * i + 3]).toBe(data[4 * i + 3]);
      const least = Math.min(...seen.map((j) => steps(i, j)));
      const nearest = seen.filter((j) => steps(i, j) === least).map((j) => colour(data, j));
      expect(nearest).toContain(colour(image.data, i));
    }
  }
});

test('bleed blackens a picture of which nothing is visible, and passes one by that is all visible', () => {
  const data = Uint16Array.from([9, 9, 9, 0, 7, 7, 7, 0]);
  bleed({ width: 2, height: 1, channels: 4, data });
  expect([...data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  const opaque = Uint8Array.from([9, 9, 9, 1, 7, 7, 7, 255]);
  bleed({ width: 2, height: 1, channels: 4, data: opaque });
  expect([...opaque]).toEqual([9, 9, 9, 1, 7, 7, 7, 255]);
  const rgb = Uint8Array.from([1, 2, 0]);
  bleed({ width: 1, height: 1, channels: 3, data: rgb });
  expect([...rgb]).toEqual([1, 2, 0]);
});
