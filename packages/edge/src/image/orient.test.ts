import { expect, test } from 'vitest';
import { jpegWithExif, library, picture } from '../testing.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { orient } from './orient.ts';
import { sniff } from './sniff.ts';

test('orient turns a picture as EXIF says', () => {
  // Stored as 3 x 2: a b c / d e f, one channel's worth shown.
  const stored = Uint8Array.from([...'abcdef'].flatMap((letter) => [letter.charCodeAt(0), 0, 0]));
  const upright = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map((orientation) => {
    const { width, height, data } = orient({ width: 3, height: 2, channels: 3, data: stored }, orientation);
    expect(width * height).toBe(6);
    const letters = String.fromCharCode(...data.filter((_, i) => i % 3 === 0));
    return `${letters.slice(0, width)} ${letters.slice(width, 2 * width)} ${letters.slice(2 * width)}`.trim();
  });
  expect(upright).toEqual([
    'abc def',
    'cba fed',
    'fed cba',
    'def abc',
    'ad be cf',
    'da eb fc',
    'fc eb da',
    'cf be ad',
  ]);
});

test('decode turns a JPEG as the codec itself does', async () => {
  const jpeg = await encode(picture(33, 21), 'jpeg');
  for (let orientation = 1; orientation <= 8; orientation++) {
    const file = jpegWithExif(jpeg, orientation);
    const ours = await decode(file, sniff(file));
    const theirs = await library.decodeJpeg(file, { preserveOrientation: true });
    expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
    expect(ours.data).toEqual(new Uint8Array(theirs.data.filter((_, i) => i % 4 !== 3)));
  }
});
