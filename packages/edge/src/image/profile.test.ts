import { expect, test } from 'vitest';
import { join } from '../bytes.ts';
import { exif, extendedWebp, jpegWithProfile, picture, pngFile, rgbProfile } from '../testing.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { ImageFormat } from './header.ts';
import { embedProfile, readProfile } from './profile.ts';
import { sniff } from './sniff.ts';

const FORMATS: ImageFormat[] = ['png', 'jpeg', 'webp'];

test('a profile goes from each format into each, and the pixels are those without it', async () => {
  const profile = rgbProfile();
  for (const channels of [3, 4] as const) {
    const image = { ...picture(31, 17, channels), profile };
    for (const from of FORMATS) {
      const file = await encode(image, from);
      const decoded = await decode(file, sniff(file));
      expect(decoded.profile, from).toEqual(profile);
      const { profile: _, ...bare } = decoded;
      const without = await encode(picture(31, 17, channels), from);
      expect(bare).toEqual(await decode(without, sniff(without)));
      for (const to of FORMATS) {
        const again = await encode(decoded, to);
        expect((await decode(again, sniff(again))).profile, `${from} to ${to}`).toEqual(profile);
        expect(sniff(again).extras).toBe(false);
      }
    }
  }
});

test('a profile larger than a JPEG segment is put together again', async () => {
  const profile = rgbProfile(150_000);
  const jpeg = await embedProfile(await encode(picture(8, 8), 'jpeg'), 'jpeg', profile);
  expect(sniff(jpeg).profile!.parts).toHaveLength(3);
  expect(await readProfile(sniff(jpeg))).toEqual(profile);
});

test('a lossless WebP gets a profile too', async () => {
  const { library } = await import('../testing.ts');
  for (const alpha of [255, 70]) {
    const pixels = new Uint8ClampedArray(21 * 13 * 4).fill(alpha);
    const file = await library.encodeWebp(new ImageData(pixels, 21, 13), { lossless: 1 });
    const marked = await embedProfile(file, 'webp', rgbProfile());
    expect(sniff(marked)).toMatchObject({ width: 21, height: 13, alpha: alpha < 255 });
    expect((await decode(marked, sniff(marked))).data).toEqual((await decode(file, sniff(file))).data);
  }
});

test('what is no profile, or not for these colours, is left out and fails nothing', async () => {
  const jpeg = await encode(picture(8, 8), 'jpeg');
  const wrongSize = rgbProfile();
  wrongSize[3]! ^= 1;
  const grey = rgbProfile();
  grey.set(new TextEncoder().encode('GRAY'), 16);
  for (const odd of [new Uint8Array(5), new Uint8Array(200), wrongSize, grey, rgbProfile(300_000)]) {
    const file = jpegWithProfile(jpeg, odd);
    expect(await decode(file, sniff(file))).not.toHaveProperty('profile');
  }
  // The second of two pieces alone.
  const half = jpegWithProfile(jpeg, rgbProfile(), 2, 2);
  expect(await decode(half, sniff(half))).not.toHaveProperty('profile');
  const png = { width: 1, height: 1, bitDepth: 8, colourType: 2 };
  const name = new TextEncoder().encode('x\0\0');
  const bomb = await new Response(
    new Blob([new Uint8Array(1 << 23)]).stream().pipeThrough(new CompressionStream('deflate')),
  ).bytes();
  for (const data of [bomb, Uint8Array.of(1, 2, 3), new Uint8Array(0)]) {
    const file = await pngFile(png, new Uint8Array(4), [['iCCP', join([name, data])]]);
    expect(await decode(file, sniff(file))).not.toHaveProperty('profile');
  }
});

test('a grey profile stays in grey files', async () => {
  const profile = rgbProfile();
  profile.set(new TextEncoder().encode('GRAY'), 16);
  const flat = { ...picture(9, 9), data: new Uint8Array(9 * 9 * 3).fill(77), grey: true, profile };
  for (const [format, kept] of [
    ['png', true],
    ['jpeg', true],
    ['webp', false],
  ] as const) {
    const file = await encode(flat, format);
    expect(Boolean((await decode(file, sniff(file))).profile), format).toBe(kept);
  }
});

test('sniff tells a file that holds more than a picture', async () => {
  const image = picture(9, 7);
  for (const format of FORMATS) {
    const file = await encode(image, format);
    expect(sniff(file).extras).toBe(false);
    expect(sniff(join([file, Uint8Array.of(0)])).extras, format).toBe(true);
  }
  const webp = await encode(image, 'webp');
  expect(sniff(extendedWebp(webp, { width: 9, height: 7 }, [['EXIF', exif(1)]])).extras).toBe(true);
  const png = { width: 1, height: 1, bitDepth: 8, colourType: 2 };
  expect(sniff(await pngFile(png, new Uint8Array(4), [['tEXt', exif(1)]])).extras).toBe(true);
  expect(sniff(await pngFile(png, new Uint8Array(4), [['gAMA', new Uint8Array(4)]])).extras).toBe(false);
});
