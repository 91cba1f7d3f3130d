import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { jpegQuality } from './jpeg-quality.ts';
import { studentFor } from './student-for.ts';
import { webpQuantiser } from './webp-quantiser.ts';

const picture = sharp({ create: { width: 24, height: 16, channels: 3, background: '#a53' } });
const random = new Random(1);
const noisy = sharp(
  Uint8Array.from({ length: 96 * 64 * 3 }, () => 128 + 25 * random.normal()),
  {
    raw: { width: 96, height: 64, channels: 3 },
  },
);
const stored = (quality: number, options = {}) =>
  picture
    .clone()
    .jpeg({ quality, ...options })
    .toBuffer();

describe('jpegQuality', () => {
  it('is the setting of libjpeg, in colour and grey, progressive or not', async () => {
    for (let quality = 20; quality < 99; quality++) expect(jpegQuality(await stored(quality))).toBe(quality);
    expect(jpegQuality(await stored(73, { progressive: true }))).toBe(73);
    expect(jpegQuality(await picture.clone().greyscale().jpeg({ quality: 73 }).toBuffer())).toBe(73);
  });

  it('stays from 1 to 100 where steps are as fine or as coarse as they can be', async () => {
    expect(jpegQuality(await stored(100))).toBe(99);
    expect(jpegQuality(await stored(1))).toBeLessThan(15);
    expect(jpegQuality(tables(1, Array(64).fill(0)))).toBe(100);
    expect(jpegQuality(tables(1, Array(64).fill(65535)))).toBe(1);
  });

  it('reads steps of two bytes, behind what else stands before them', async () => {
    expect(jpegQuality(tables(0, Array(64).fill(29)))).toBe(75);
    expect(jpegQuality(tables(1, Array(64).fill(29)))).toBe(75);
    const file = await picture.clone().jpeg({ quality: 64 }).withMetadata({ orientation: 6 }).toBuffer();
    expect(jpegQuality(file)).toBe(64);
    const filled = Buffer.concat([file.subarray(0, 2), Uint8Array.of(0xff, 0xff), file.subarray(2)]);
    expect(jpegQuality(filled)).toBe(64);
  });

  it('is of JPEGs alone, and of no piece without a table', async () => {
    expect(jpegQuality(await picture.clone().png().toBuffer())).toBeUndefined();
    expect(jpegQuality(await picture.clone().webp().toBuffer())).toBeUndefined();
    expect(jpegQuality(new Uint8Array(0))).toBeUndefined();
    const file = await stored(75);
    const whole = file.findIndex((byte, i) => byte === 0xdb && file[i - 1] === 0xff) + 3 + 65;
    for (let length = 0; length < whole; length++)
      expect(jpegQuality(file.subarray(0, length))).toBeUndefined();
    expect(jpegQuality(file.subarray(0, whole))).toBe(75);
  });
});

/** The beginning of a JPEG with one table, of one byte a step (kind 0) or two (kind 1). */
function tables(kind: 0 | 1, steps: number[]): Uint8Array {
  const bytes = steps.flatMap((step) => (kind === 1 ? [step >> 8, step & 255] : [step]));
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xdb, 0, 3 + bytes.length, kind << 4, ...bytes);
}

describe('webpQuantiser', () => {
  const webp = (quality: number, options = {}) =>
    noisy
      .clone()
      .webp({ quality, ...options })
      .toBuffer();

  it('grows as the quality falls, with alpha or metadata before it too', async () => {
    const indices = [];
    for (const quality of [100, 95, 90, 80, 60, 30, 1]) indices.push(webpQuantiser(await webp(quality))!);
    expect(indices).toEqual(indices.toSorted((a, b) => a - b));
    expect(indices[0]).toBe(0);
    expect(indices.at(-1)).toBeGreaterThan(100);
    const plain = webpQuantiser(await webp(50));
    const tagged = await noisy.clone().webp({ quality: 50 }).withMetadata({ orientation: 6 }).toBuffer();
    expect(webpQuantiser(tagged)).toBe(plain);
    expect(webpQuantiser(await noisy.clone().ensureAlpha(0.5).webp({ quality: 50 }).toBuffer())).toBe(plain);
  });

  it('is of lossy WebPs alone, and of no piece without it', async () => {
    for (const file of [await webp(50, { lossless: true }), await stored(50), new Uint8Array(0)])
      expect(webpQuantiser(file)).toBeUndefined();
    const file = await webp(50);
    let [longest, shortest] = [0, file.length];
    for (let length = 0; length <= file.length; length++)
      if (webpQuantiser(file.subarray(0, length)) === undefined) longest = length;
      else shortest = Math.min(shortest, length);
    expect(longest).toBe(shortest - 1);
    expect(shortest).toBeLessThan(80);
  });
});

describe('studentFor', () => {
  const students = ['sr2', 'sr2/upload', 'denoise'];

  it('is the one for uploads for what its format cost more than it does', async () => {
    expect(studentFor('sr2', await stored(90), students)).toBe('sr2/upload');
    expect(studentFor('sr2', await stored(91), students)).toBe('sr2');
    expect(studentFor('sr2', await noisy.clone().webp({ quality: 80 }).toBuffer(), students)).toBe(
      'sr2/upload',
    );
    expect(studentFor('sr2', await noisy.clone().webp({ quality: 90 }).toBuffer(), students)).toBe('sr2');
    expect(studentFor('sr2', await picture.clone().png().toBuffer(), students)).toBe('sr2');
  });

  it('is the one that was asked for where there is no other, or where it was named', async () => {
    const file = await stored(30);
    for (const name of ['denoise', 'sr2/upload', 'sr2/small', 'auto'])
      expect(studentFor(name, file, students)).toBe(name);
    expect(studentFor('sr2', file, ['sr2'])).toBe('sr2');
  });
});
