import { psnr, type Raster } from '@pellucid/core';
import { describe, expect, test } from 'vitest';
import { join } from '../bytes.ts';
import { jpegHeader, library, picture } from '../testing.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { ImageFormat } from './header.ts';
import { sniff } from './sniff.ts';

const RGB = { channel: 'RGB', crop: 0, round: true } as const;
const alphaOf = ({ data }: Raster) => [...data.filter((_, i) => i % 4 === 3)];
const through = async (image: Raster, format: ImageFormat) => {
  const file = await encode(image, format);
  return decode(file, sniff(file));
};

describe('encode and decode', () => {
  test('keep a picture: exactly as PNG, closely as JPEG and WebP', async () => {
    for (const [width, height] of [
      [1, 1],
      [64, 48],
      [201, 97],
    ] as const) {
      const image = picture(width, height);
      expect(await through(image, 'png')).toEqual(image);
      for (const format of ['jpeg', 'webp'] as const) {
        const read = await through(image, format);
        expect(read).toMatchObject({ width, height, channels: 3 });
        expect(psnr(read, image, RGB)).toBeGreaterThan(32);
      }
    }
  });

  test('keep alpha in PNG and WebP, and lay it on white in JPEG', async () => {
    const image = picture(50, 40, 4);
    for (const format of ['png', 'webp'] as const) {
      const read = await through(image, format);
      expect(read.channels).toBe(4);
      expect(alphaOf(read)).toEqual(alphaOf(image));
    }
    const clear = { ...image, data: image.data.map((value, i) => (i % 4 === 3 ? 0 : value)) } as Raster;
    const onWhite = await through(clear, 'jpeg');
    expect(onWhite.channels).toBe(3);
    expect(Math.min(...onWhite.data)).toBeGreaterThan(250);
  });

  test('bring 16 bits down to 8 for JPEG and WebP', async () => {
    const image = picture(40, 30);
    const fine = { ...image, data: Uint16Array.from(image.data, (value) => value * 257) };
    for (const format of ['jpeg', 'webp'] as const) {
      expect(await encode(fine, format)).toEqual(await encode(image, format));
    }
  });
});

describe('decode refuses', () => {
  const EOI = Uint8Array.of(0xff, 0xd9);

  test('a JPEG with pixels missing, even with its last marker in place, and then reads a good one', async () => {
    const image = picture(120, 90);
    const baseline = await encode(image, 'jpeg');
    const rgba = (await through(image, 'png')).data;
    const pixels = new Uint8ClampedArray(120 * 90 * 4).map((_, i) =>
      i % 4 === 3 ? 255 : rgba[(i >> 2) * 3 + (i % 4)]!,
    );
    const progressive = await library.encodeJpeg(new ImageData(pixels, 120, 90), { progressive: true });
    for (const file of [baseline, progressive]) {
      const header = sniff(file);
      // More than seventy, which is where a decoder that is not set up again stops answering.
      for (let i = 0; i < 60; i++) {
        const from = Math.floor(file.length * 0.4);
        const length = from + Math.floor(((file.length - from - 40) * i) / 60);
        // Cut between two scans, a progressive JPEG is whole, only coarser.
        if (file[length] === 0xff) continue;
        const damaged = decode(join([file.subarray(0, length), EOI]), header);
        await expect(damaged, `${length} of ${file.length}`).rejects.toMatchObject({ code: 'image-corrupt' });
      }
      expect(await decode(file, header)).toMatchObject({ width: 120, height: 90 });
    }
  });

  test('two hundred JPEGs that end its decoder, and then reads a good one', async () => {
    const file = await encode(picture(120, 90), 'jpeg');
    const header = sniff(file);
    for (let i = 0; i < 200; i++) {
      await expect(decode(jpegHeader({}), header)).rejects.toMatchObject({ code: 'image-corrupt' });
    }
    expect(await decode(file, header)).toMatchObject({ width: 120, height: 90 });
  });

  test('a WebP with its data missing', async () => {
    const file = await encode(picture(120, 90), 'webp');
    const header = sniff(file);
    for (const share of [0.1, 0.5, 0.9]) {
      const cut = file.slice(0, Math.floor(file.length * share));
      await expect(decode(cut, header)).rejects.toMatchObject({ code: 'image-corrupt' });
    }
    expect(await decode(file, header)).toMatchObject({ width: 120 });
  });
});
