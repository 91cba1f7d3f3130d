import { crc32 } from 'node:zlib';
import type { Random } from '@pellucid/core';
import { type Bytes, join } from '../files.ts';
import { noise, type Seed } from './seeds.ts';

/** Ways to spoil a good file. */
export const mutations: Record<string, (seed: Seed, random: Random, seeds: readonly Seed[]) => Bytes> = {
  'cut at a boundary': ({ bytes, parts }, random) =>
    bytes.slice(0, Math.max(0, pick(parts, random) + random.integer(5) - 2)),
  'cut anywhere': ({ bytes }, random) => bytes.slice(0, random.integer(bytes.length)),
  'cut and ended': ({ bytes, parts }, random) =>
    join([bytes.subarray(0, random.integer(bytes.length)), bytes.subarray(parts.at(-2))]),
  'bytes at a boundary': ({ bytes, parts }, random) => {
    const spoilt = bytes.slice();
    for (let n = 1 + random.integer(3); n > 0; n--)
      spoilt[pick(parts, random) + random.integer(16)] = anyByte(random);
    return spoilt;
  },
  'bytes anywhere': ({ bytes }, random) => {
    const spoilt = bytes.slice();
    for (let n = 1 + random.integer(8); n > 0; n--) spoilt[random.integer(bytes.length)] = anyByte(random);
    return spoilt;
  },
  'a bit in the head': ({ bytes }, random) => {
    const spoilt = bytes.slice();
    spoilt[random.integer(64)]! ^= 1 << random.integer(8);
    return spoilt;
  },
  'bytes of a part, its checksum made good': ({ bytes, parts }, random) => {
    const spoilt = bytes.slice();
    const part = random.integer(parts.length - 1);
    const [from, to] = [parts[part]!, parts[part + 1]!];
    for (let n = 1 + random.integer(4); n > 0; n--)
      spoilt[from + 8 + random.integer(Math.max(1, to - from - 12))] = anyByte(random);
    if (bytes[0] === 0x89)
      new DataView(spoilt.buffer).setUint32(to - 4, crc32(spoilt.subarray(from + 4, to - 4)));
    return spoilt;
  },
  'a length that lies': ({ bytes, parts }, random) => {
    const spoilt = bytes.slice();
    const view = new DataView(spoilt.buffer);
    const at = pick(parts.slice(0, -1), random);
    const length = [
      0,
      1,
      3,
      0x7fffffff,
      0x80000000,
      0xfffffff4,
      0xffffffff,
      random.integer(2 * bytes.length),
    ][random.integer(8)]!;
    if (bytes[0] === 0x89) view.setUint32(at, length);
    else if (bytes[0] === 0x52)
      view.setUint32(random.integer(4) ? Math.min(at + 4, bytes.length - 4) : 4, length, true);
    else if (at + 4 <= bytes.length) view.setUint16(at + 2, length & 0xffff);
    return spoilt;
  },
  'a part left out': ({ bytes, parts }, random) => {
    const part = random.integer(parts.length - 1);
    return join([bytes.subarray(0, parts[part]), bytes.subarray(parts[part + 1])]);
  },
  'a part twice': ({ bytes, parts }, random) => {
    const part = random.integer(parts.length - 1);
    return join([bytes.subarray(0, parts[part + 1]), bytes.subarray(parts[part])]);
  },
  'parts out of order': ({ bytes, parts }, random) => {
    const pieces = parts.slice(0, -1).map((from, i) => bytes.subarray(from, parts[i + 1]));
    for (let i = pieces.length - 1; i > 0; i--) {
      const other = random.integer(i + 1);
      [pieces[i], pieces[other]] = [pieces[other]!, pieces[i]!];
    }
    return join([bytes.subarray(0, parts[0]), ...pieces]);
  },
  'the parts of two files': ({ bytes, parts }, random, seeds) => {
    const other = pick(seeds, random);
    return join([bytes.subarray(0, pick(parts, random)), other.bytes.subarray(pick(other.parts, random))]);
  },
  'a stretch repeated': ({ bytes }, random) => {
    const at = () => random.integer(bytes.length);
    return bytes.slice().copyWithin(at(), at(), at());
  },
  'a stretch of one byte': ({ bytes }, random) =>
    bytes.slice().fill(anyByte(random), random.integer(bytes.length)),
  'noise behind a good start': ({ bytes }, random) => {
    const start = 12 + random.integer(bytes.length - 12);
    return join([bytes.subarray(0, start), noise(bytes.length - start, random)]);
  },
  // Valid as what it starts as; what follows is not looked at.
  'another file behind it': ({ bytes }, random, seeds) =>
    join([
      bytes,
      random.integer(2)
        ? pick(seeds, random).bytes
        : new TextEncoder().encode('<script>alert(1)</script>PK\u0005\u0006'),
    ]),
  'something in front of it': ({ bytes }, random) =>
    join([new TextEncoder().encode(pick(STRANGERS, random)), bytes]),
};

/** How files of other kinds begin. */
export const STRANGERS = [
  'GIF89a\u0001\0\u0001\0',
  'BM',
  'II*\0',
  'MM\0*',
  '\0\0\0\u001cftypavif',
  '\0\0\0\u0018ftypheic',
  '%PDF-1.7\n',
  '<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>',
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>',
  '{"image":"http://127.0.0.1/"}',
  'PK\u0003\u0004',
  '#!/bin/sh\n',
  'RIFF\0\0\0\0WAVE',
  'RIFF\u0004\0\0\0WEBP',
  '\u00ff\u00d8\u00ff',
  ' ',
] as const;

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.integer(list.length)]!;
}

/** Any byte, but often one that means something. */
function anyByte(random: Random): number {
  return random.integer(2)
    ? [0, 1, 0x7f, 0x80, 0xd8, 0xd9, 0xda, 0xfe, 0xff][random.integer(9)]!
    : random.integer(256);
}
