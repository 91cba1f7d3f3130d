import { Random } from '@pellucid/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { exif, extendedWebp, jpegHeader, jpegWithExif, library, picture, pngFile } from '../testing.ts';
import { encode } from './encode.ts';
import type { ImageHeader } from './header.ts';
import { sniff } from './sniff.ts';

const code = (bytes: Uint8Array): string => {
  try {
    sniff(bytes);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

describe('sniff reads the header of', () => {
  test('every picture that the encoders make', async () => {
    const random = new Random(5);
    for (let i = 0; i < 40; i++) {
      const width = 1 + random.integer(i < 20 ? 40 : 300);
      const height = 1 + random.integer(i < 20 ? 40 : 300);
      const alpha = random.integer(2) === 1;
      const image = picture(width, height, alpha ? 4 : 3);
      const common = { width, height, bitDepth: 8, animated: false, orientation: 1, scans: 1 } as const;
      const same = { ...common, grey: false, subsampled: false, extras: false };
      expect(sniff(await encode(image, 'png'))).toEqual({
        format: 'png',
        components: alpha ? 4 : 3,
        alpha,
        ...same,
      } satisfies ImageHeader);
      const jpeg = { format: 'jpeg', components: 3, alpha: false } as const;
      expect(sniff(await encode(image, 'jpeg'))).toEqual({ ...jpeg, ...same } satisfies ImageHeader);
      const webp = { format: 'webp', components: 3, alpha } as const;
      expect(sniff(await encode(image, 'webp'))).toEqual({
        ...same,
        ...webp,
        subsampled: true,
      } satisfies ImageHeader);
    }
  });

  test('a progressive and a grey JPEG', async () => {
    const image = new ImageData(new Uint8ClampedArray(40 * 30 * 4).fill(99), 40, 30);
    const progressive = await library.encodeJpeg(image, { progressive: true });
    expect(sniff(progressive)).toMatchObject({ width: 40, height: 30, components: 3 });
    expect(sniff(progressive).scans).toBeGreaterThan(3);
    const grey = await library.encodeJpeg(image, { color_space: 1, progressive: false });
    expect(sniff(grey)).toMatchObject({ components: 1, scans: 1 });
  });

  test('a lossless WebP with and without alpha', async () => {
    for (const alpha of [255, 60]) {
      const data = new Uint8ClampedArray(21 * 13 * 4).fill(alpha);
      const webp = await library.encodeWebp(new ImageData(data, 21, 13), { lossless: 1 });
      expect(sniff(webp)).toMatchObject({ width: 21, height: 13, alpha: alpha < 255 });
    }
  });

  test('orientations in each format and byte order', async () => {
    const image = picture(9, 7);
    const jpeg = await encode(image, 'jpeg');
    const webp = await encode(image, 'webp');
    for (let orientation = 1; orientation <= 8; orientation++) {
      for (const little of [true, false]) {
        const block = exif(orientation, little);
        const png = await pngFile({ width: 1, height: 1, bitDepth: 8, colourType: 2 }, new Uint8Array(4), [
          ['eXIf', block],
        ]);
        expect(sniff(png).orientation).toBe(orientation);
        expect(sniff(jpegWithExif(jpeg, orientation, little)).orientation).toBe(orientation);
        expect(sniff(extendedWebp(webp, { width: 9, height: 7 }, [['EXIF', block]])).orientation).toBe(
          orientation,
        );
      }
    }
  });

  test('metadata that makes no sense as upright', async () => {
    const jpeg = await encode(picture(9, 7), 'jpeg');
    for (const wrong of [0, 9, 65535]) expect(sniff(jpegWithExif(jpeg, wrong)).orientation).toBe(1);
    const random = new Random(3);
    for (let i = 0; i < 200; i++) {
      const block = exif(6);
      for (let k = 0; k < 4; k++) block[random.integer(block.length)] = random.integer(256);
      const webp = extendedWebp(await encode(picture(4, 4), 'webp'), { width: 4, height: 4 }, [
        ['EXIF', block],
      ]);
      expect(sniff(webp).orientation).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('sniff refuses', () => {
  let files: Uint8Array[];
  beforeAll(async () => {
    const image = picture(30, 20, 4);
    files = [await encode(image, 'png'), await encode(image, 'jpeg'), await encode(image, 'webp')];
  });

  test('a file cut short anywhere', () => {
    for (const file of files) {
      for (let length = 0; length < file.length; length++) {
        expect(['image-corrupt', 'unsupported-format']).toContain(code(file.subarray(0, length)));
      }
      expect(code(file)).toBe('none');
    }
  });

  test('formats it does not know', () => {
    const text = (value: string) => new TextEncoder().encode(value.padEnd(32, ' '));
    for (const bytes of [
      text('GIF89a'),
      text('<svg>'),
      text('II*'),
      text('RIFF    WAVE'),
      new Uint8Array(64),
    ]) {
      expect(code(bytes)).toBe('unsupported-format');
    }
  });

  test('JPEGs that no decoder here reads', () => {
    expect(code(jpegHeader({}))).toBe('none');
    for (const marker of [0xc3, 0xc5, 0xc9, 0xcf]) expect(code(jpegHeader({ marker }))).toBe('image-variant');
    expect(code(jpegHeader({ precision: 12 }))).toBe('image-variant');
    expect(code(jpegHeader({ components: 2 }))).toBe('image-variant');
    expect(code(jpegHeader({ width: 0 }))).toBe('image-corrupt');
    expect(code(jpegHeader({ scans: 0 }))).toBe('image-corrupt');
  });

  test('a WebP whose two sizes differ', async () => {
    const webp = await encode(picture(30, 20), 'webp');
    expect(code(extendedWebp(webp, { width: 30, height: 20 }))).toBe('none');
    expect(code(extendedWebp(webp, { width: 30, height: 21 }))).toBe('image-corrupt');
  });

  test('PNG headers that the specification forbids', async () => {
    const valid = { width: 1, height: 1, bitDepth: 8, colourType: 2 };
    const file = (change: object) => pngFile({ ...valid, ...change }, new Uint8Array(4));
    expect(code(await file({}))).toBe('none');
    for (const change of [{ width: 0 }, { height: 0 }, { bitDepth: 4 }, { colourType: 5 }]) {
      expect(code(await file(change))).toBe('image-corrupt');
    }
  });
});
