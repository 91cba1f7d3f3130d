/**
 * Reading and writing safetensors: an 8-byte little-endian header length, a JSON header of names, types, shapes and
 * byte ranges, then the raw little-endian arrays (huggingface/safetensors, format description).
 */
import * as z from 'zod';
import { PellucidError } from '../errors.ts';
import { type ElementTypeName, elementTypes, readElements } from './element-types.ts';
import { toHalf } from './half.ts';

/** The types that are written. */
export const dtypes = ['F32', 'F16', 'I8'] as const;
export type Dtype = (typeof dtypes)[number];

export interface NamedArray {
  shape: number[];
  data: Float32Array;
  /** What it is stored as: what the rest of the file is unless given. `I8` takes whole numbers from -128 to 127. */
  dtype?: Dtype;
}

export interface SafetensorsFile {
  tensors: Map<string, NamedArray>;
  metadata: Record<string, string>;
}

const count = z.int().nonnegative();
const elementType = z.enum(Object.keys(elementTypes) as ElementTypeName[]);
const entry = z.object({ dtype: elementType, shape: z.array(count), data_offsets: z.tuple([count, count]) });
const header = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entry);

const maximumHeaderBytes = 100_000_000;

/**
 * Reads a whole file. Arrays of every number type become float32.
 *
 * Throws PellucidError `model/not-safetensors` when the bytes are not such a file, are cut short, or hold an unknown
 * type, always before allocating what a lying header asks for.
 */
export function readSafetensors(file: Uint8Array): SafetensorsFile {
  // `slice` copies from a Uint8Array but not from its subclass Buffer, and below it must copy.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) throw notSafetensors('it is shorter than a header');
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > maximumHeaderBytes || headerLength > bytes.length - 8)
    throw notSafetensors('its header is longer than the file');

  const parsed = header.safeParse(parseJson(bytes.subarray(8, 8 + headerLength)));
  if (!parsed.success) throw notSafetensors('its header is malformed', parsed.error);
  const { __metadata__: metadata = {}, ...entries } = parsed.data;

  const body = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, NamedArray>();
  let total = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(
    entries as Record<string, z.infer<typeof entry>>,
  )) {
    const [from, to] = data_offsets;
    const size = shape.reduce((a, b) => a * b, 1);
    total += to - from;
    // The format forbids arrays that overlap; a small file could hold very many large ones.
    if (to > body.length || total > body.length || to - from !== size * elementTypes[dtype].width)
      throw notSafetensors(`tensor "${name}" does not fit its byte range`);
    const data = readElements(elementTypes[dtype], body.subarray(from, to));
    // Of whole numbers one must know that they are: a scale belongs to them.
    tensors.set(name, { shape, data, ...(dtype === 'I8' && { dtype }) });
  }
  return { tensors, metadata };
}

/** Writes all arrays as `dtype` or their own, in the map's order; the header is padded so that they start on 8 bytes. */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile, dtype: Dtype): Uint8Array {
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data, dtype: own = dtype }] of tensors) {
    const end = offset + elementTypes[own].width * data.length;
    entries[name] = { dtype: own, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(entries));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerLength);
  let position = 8 + headerLength;
  for (const { data, dtype: own = dtype } of tensors.values()) {
    const raw = stored[own](data);
    file.set(new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength), position);
    position += raw.byteLength;
  }
  return file;
}

const stored = {
  F32: (values: Float32Array) => values,
  F16: toHalf,
  I8: (values: Float32Array) => Int8Array.from(values),
};

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw notSafetensors('its header is not JSON', cause);
  }
}

function notSafetensors(reason: string, cause?: unknown): PellucidError {
  return new PellucidError(
    'model/not-safetensors',
    `This is not a readable safetensors file: ${reason}. Download or export the model again.`,
    { cause },
  );
}
