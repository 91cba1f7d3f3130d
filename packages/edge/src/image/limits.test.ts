import { expect, test } from 'vitest';
import { DEFAULTS } from '../config.ts';
import type { ImageHeader } from './header.ts';
import { admit, admitWork, largestFor } from './limits.ts';

const header = (width: number, height: number) =>
  ({ format: 'png', width, height, components: 3, scans: 1, animated: false }) as ImageHeader;

/** What a refusal says, or an empty text. */
function said(run: () => void): string {
  try {
    run();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const work = (enlargement: number, macsPerPixel = 1) => ({
  enlargement,
  macs: (width: number, height: number) => width * height * macsPerPixel,
});

test('says what a network that enlarges takes, whichever limit an image breaks first', () => {
  expect(largestFor(4, DEFAULTS)).toEqual({ pixels: 65536, side: 1024 });
  const wanted =
    'Shrink the image to at most 65536 pixels and 1024 on a side, such as 295 x 221, since each side grows 4 times; it has ';
  expect(said(() => admitWork({ width: 640, height: 480 }, work(4), DEFAULTS))).toBe(`${wanted}640 x 480.`);
  expect(said(() => admit(header(4000, 3000), DEFAULTS, () => 4))).toBe(`${wanted}4000 x 3000.`);
  expect(said(() => admit(header(4000, 3000), DEFAULTS, () => 1))).toBe(
    'Shrink the image to at most 1048576 pixels and 4096 on a side, such as 1182 x 886; it has 4000 x 3000.',
  );
});

test.each([
  [1, 3001, 1],
  [1, 1, 3001],
  [1, 100, 101],
  [2, 1234, 567],
  [4, 2999, 1],
  [4, 1, 626],
  [4, 4294967295, 4294967295],
])(
  'the size that a refusal names is the largest of its shape: x%i of %i x %i',
  (enlargement, width, height) => {
    const limits = { ...DEFAULTS, MAX_PIXELS: 10_000, MAX_OUTPUT_PIXELS: 10_000, MAX_SIDE: 3000 };
    const refusal = (size: { width: number; height: number }) =>
      said(() => admitWork(size, work(enlargement), limits));
    const [, w, h] = /such as (\d+) x (\d+)/.exec(refusal({ width, height }))!;
    const named = { width: Number(w), height: Number(h) };
    expect(refusal(named)).toBe('');
    expect(refusal({ width: named.width + 1, height: named.height + 1 })).not.toBe('');
  },
);

test('work that is too much says to what size it must shrink', () => {
  const limits = { ...DEFAULTS, MAX_GIGAMACS: 50 };
  const refused = said(() => admitWork({ width: 1000, height: 500 }, work(1, 4e5), limits));
  expect(refused).toMatch(
    /^Shrink the image to about 500 x 250: .* 200 thousand million operations, and 50 are allowed/,
  );
  expect(said(() => admitWork({ width: 500, height: 250 }, work(1, 4e5), limits))).toBe('');
});
