/** Writing protocol buffers (protobuf.dev, "Encoding"): a message is its fields one after another, in any order. */

import { joinBytes } from '../bytes.ts';

type Bytes = Uint8Array;

const [varintType, bytesType, fixed32Type] = [0, 2, 5];

/** An int32, int64 or enum field. */
export function int(field: number, value: number): Bytes {
  return joinBytes([varint((field << 3) | varintType), varint(value)]);
}

/** A float field. */
export function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joinBytes([varint((field << 3) | fixed32Type), bytes]);
}

/** A string or bytes field. */
export function bytes(field: number, value: string | Bytes): Bytes {
  const raw = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return joinBytes([varint((field << 3) | bytesType), varint(raw.length), raw]);
}

/** A field that is a message of the given fields. */
export function message(field: number, fields: Bytes[]): Bytes {
  return bytes(field, joinBytes(fields));
}

/** Seven bits a byte, lowest first; a negative number is its two's complement in 64 bits. */
function varint(value: number): Bytes {
  const digits: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 0x7fn) {
    digits.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Uint8Array.of(...digits, Number(left));
}
