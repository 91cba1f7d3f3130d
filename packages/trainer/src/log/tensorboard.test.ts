import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.ts';
import { tensorboard } from './tensorboard.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pellucid-tensorboard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('CRC-32C gives the known answers of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

/** Reads TFRecords back, with their checksums. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

/** Reads a protocol buffer back by its wire types alone: field number to values. */
function decode(bytes: Buffer): Record<number, (number | Buffer)[]> {
  const fields: Record<number, (number | Buffer)[]> = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * weight;
      if (byte < 128) return value;
    }
  };
  const fixed = (size: number) => {
    at += size;
    return size === 4 ? bytes.readFloatLE(at - size) : bytes.readDoubleLE(at - size);
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    let value: number | Buffer;
    if (type === 0) value = varint();
    else if (type === 1) value = fixed(8);
    else if (type === 5) value = fixed(4);
    else {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields[key >> 3] = [...(fields[key >> 3] ?? []), value];
  }
  return fields;
}

function readBack() {
  const [file] = readdirSync(folder);
  expect(file).toContain('tfevents');
  return records(readFileSync(path.join(folder, file!))).map(decode);
}

test('writes scalars that decode to what was logged', () => {
  const observe = tensorboard(folder);
  observe({ kind: 'start', step: 0 });
  observe({ kind: 'step', step: 1, loss: 1 });
  observe({ kind: 'scalars', step: 300, values: { loss: 0.25, 'validation/psnr': 31.5 } });
  const [version, scalars, ...more] = readBack();
  expect(more).toEqual([]);
  expect(String(version![3]![0])).toBe('brain.Event:2');
  expect(scalars![2]).toEqual([300]);
  expect(Math.abs((scalars![1]![0] as number) - Date.now() / 1000)).toBeLessThan(60);
  const values = decode(scalars![5]![0] as Buffer)[1]!.map((value) => decode(value as Buffer));
  expect(values.map((value) => [String(value[1]![0]), value[2]![0]])).toEqual([
    ['train/loss', 0.25],
    ['validation/psnr', 31.5],
  ]);
});

test('a continued run says from where, so that undone steps disappear', () => {
  tensorboard(folder)({ kind: 'start', step: 200 });
  const [, session] = readBack();
  expect(session![2]).toEqual([201]);
  expect(decode(session![7]![0] as Buffer)).toEqual({ 1: [1] });
});
