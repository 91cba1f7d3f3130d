/** The number formats of weight files, by the names that safetensors gives them, all little-endian. */
import { fromHalf } from './half.ts';

export interface ElementType {
  /** Bytes of one element. */
  width: number;
  /** The element that starts at a byte. */
  read(view: DataView, at: number): number;
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

export const elementTypes = {
  F64: { width: 8, read: (view, at) => view.getFloat64(at, true) },
  F32: { width: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { width: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
  BF16: {
    width: 2,
    read(view, at) {
      // A float32 without its lower half.
      word[0] = view.getUint16(at, true) << 16;
      return float[0]!;
    },
  },
  I64: { width: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  I32: { width: 4, read: (view, at) => view.getInt32(at, true) },
  I16: { width: 2, read: (view, at) => view.getInt16(at, true) },
  I8: { width: 1, read: (view, at) => view.getInt8(at) },
  U8: { width: 1, read: (view, at) => view.getUint8(at) },
  BOOL: { width: 1, read: (view, at) => view.getUint8(at) },
} satisfies Record<string, ElementType>;

export type ElementTypeName = keyof typeof elementTypes;

/** All elements of `bytes`, which need not be aligned, as float32. */
export function readElements({ width, read }: ElementType, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.length / width);
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * width);
  return values;
}
