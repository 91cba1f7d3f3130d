/**
 * TensorBoard's event files, written without TensorFlow: TFRecord frames (tensorflow/core/lib/io/record_writer) around
 * `Event` messages (tensorflow/core/util/event.proto) in the protocol buffers' wire format.
 */
import { appendFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Observer } from '../events.ts';
import { maskedCrc32c } from './crc32c.ts';

/**
 * Writes a run's scalars for `tensorboard --logdir runs`, each time it starts to a file of its own in the run's folder.
 * Where a run continues, TensorBoard drops what an earlier file says of later steps.
 */
export function tensorboard(folder: string): Observer {
  const seconds = Math.floor(Date.now() / 1000);
  const file = path.join(folder, `events.out.tfevents.${seconds}.${os.hostname()}.${process.pid}.v2`);
  const append = (data: Buffer) => appendFileSync(file, record(data));
  return (happened) => {
    if (happened.kind === 'start') {
      append(event(0, text(3, 'brain.Event:2')));
      if (happened.step > 0) append(event(happened.step + 1, message(7, varint(1, SESSION_START))));
    }
    if (happened.kind === 'scalars') append(scalars(happened.step, happened.values));
  };
}

const SESSION_START = 1;

function scalars(step: number, values: Record<string, number>): Buffer {
  const summary = Object.entries(values).map(([name, value]) =>
    message(1, text(1, tagOf(name)), float(2, value)),
  );
  return event(step, message(5, ...summary));
}

/** TensorBoard groups by what stands before the slash. */
function tagOf(name: string): string {
  return name.includes('/') ? name : `train/${name}`;
}

function event(step: number, what: Buffer): Buffer {
  return Buffer.concat([double(1, Date.now() / 1000), varint(2, step), what]);
}

/** A TFRecord: length and data, each followed by its checksum, little-endian. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(bytes: Uint8Array): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(maskedCrc32c(bytes));
  return four;
}

/** Wire types of protocol buffers. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function key(field: number, wireType: number): Buffer {
  return Buffer.of((field << 3) | wireType);
}

function rawVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function varint(field: number, value: number): Buffer {
  return Buffer.concat([key(field, VARINT), rawVarint(value)]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, FIXED64), bytes]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED32), bytes]);
}

function message(field: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([key(field, LENGTH_DELIMITED), rawVarint(body.length), body]);
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value, 'utf8'));
}
