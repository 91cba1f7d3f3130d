import { deflateSync } from 'node:zlib';
import type { Random } from '@pellucid/core';
import { type Bytes, emptyJpeg, join, png } from '../files.ts';
import { noise, type Seed } from './seeds.ts';

/** Small files that ask for much memory or time. Each is made of a few bytes that say so, or of data that swells. */
export const bombs: readonly ((random: Random, seeds: readonly Seed[]) => Bytes)[] = [
  // A header that promises more than there could be.
  (random) => png({ ...anyLayout(random), width: anySize(random), height: anySize(random) }, deflated(1000)),
  (random) => emptyJpeg({ width: anySize(random) & 0xffff, height: anySize(random) & 0xffff }),
  (_, seeds) => named(seeds, 'webp, extended').slice().fill(255, 24, 30),
  (random, seeds) => {
    // The sizes that the picture itself gives: 14 bits each.
    const bytes = named(seeds, random.integer(2) ? 'webp' : 'webp, lossless').slice();
    bytes.fill(255, bytes[15] === 0x20 ? 26 : 21, bytes[15] === 0x20 ? 30 : 24);
    return bytes;
  },
  // More pixels than the header promises: a megabyte, or sixty-four.
  (random) =>
    png({ width: 8, height: 8, bitDepth: 8, colourType: 2 }, random.integer(8) ? swollen1 : swollen64),
  // The most pixels that are let in, and too few bytes for them.
  (random) =>
    png({ width: 4096, height: 512, bitDepth: 8, colourType: 6 }, deflated(random.integer(1 << 20))),
  // Texts and profiles that nobody asked for, each of which swells to sixty-four megabytes.
  (random) => {
    const [type, head] = [
      ['zTXt', 'Comment\0\0'],
      ['iTXt', 'Comment\0\u0001\0\0\0'],
      ['iCCP', 'profile\0\0'],
    ][random.integer(3)] as [string, string];
    const chunk = join([new TextEncoder().encode(head), swollen64]);
    const times = 1 + random.integer(8);
    const small = { width: 4, height: 4, bitDepth: 8, colourType: 2 };
    return png(
      small,
      deflated(4 * 13),
      Array.from({ length: times }, () => [type, chunk]),
    );
  },
  // As many scans as fit.
  (random) => emptyJpeg({ width: 2000, height: 1000, scans: 2 + random.integer(20_000) }),
  (random, seeds) => {
    // The scans of a good file over and over.
    const { bytes, parts } = seeds.find(({ name }) => name === 'jpeg, progressive')!;
    const scans = parts.flatMap((at, i) =>
      bytes[at + 1] === 0xda ? [bytes.subarray(at, parts[i + 1])] : [],
    );
    const head = bytes.subarray(
      0,
      parts.find((at) => bytes[at + 1] === 0xda),
    );
    const many = Array.from({ length: 1 + random.integer(300) }, (_, i) => scans[i % scans.length]!);
    return join([head, ...many, Uint8Array.of(0xff, 0xd9)]);
  },
  // Very many parts of no length.
  (random) => {
    const count = random.integer(20_000);
    return png(
      { width: 1, height: 1, bitDepth: 8, colourType: 2 },
      deflated(4),
      Array.from({ length: count }, () => ['teXt', new Uint8Array(0)]),
    );
  },
  (random, seeds) => {
    const { bytes } = seeds.find(({ name }) => name === 'jpeg')!;
    const fill = new Uint8Array(4 * random.integer(50_000)).map((_, i) => [0xff, 0xfe, 0, 2][i % 4]!);
    return join([bytes.subarray(0, 2), fill, bytes.subarray(2)]);
  },
  (random) => noise(1 + random.integer(1 << 20), random),
];

const deflated = (length: number) => Uint8Array.from(deflateSync(new Uint8Array(length)));
const swollen1 = deflated(1 << 20);
const swollen64 = deflated(1 << 26);

function anyLayout(random: Random): { bitDepth: number; colourType: number } {
  return { bitDepth: [1, 2, 4, 8, 16][random.integer(5)]!, colourType: random.integer(8) };
}

function anySize(random: Random): number {
  return [0, 1, 4096, 4097, 65535, 1 << 24, 2 ** 31 - 1, 2 ** 32 - 1][random.integer(8)]!;
}

function named(seeds: readonly Seed[], name: string): Bytes {
  return seeds.find((seed) => seed.name === name)!.bytes;
}
