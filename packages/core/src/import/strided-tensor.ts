/** PyTorch's tensors: a stretch of numbers, shared by any number of tensors that each step through it in their own way. */
import type { ElementType } from '../model/element-types.ts';
import type { NamedArray } from '../model/safetensors.ts';
import { notACheckpoint } from './errors.ts';

/** Twice what convolutions take. Counting through very many axes would take very long, whatever their size. */
export const mostAxes = 8;

/** Numbers that lie outside the pickle, under a key. */
export class Storage {
  readonly key: string;
  readonly type: ElementType;
  /** First element and number of elements, of those under the key. */
  readonly from: number;
  readonly length: number;

  constructor(key: string, type: ElementType, from: number, length: number) {
    this.key = key;
    this.type = type;
    this.from = from;
    this.length = length;
  }
}

/** The element at index (i, j, ...) lies at `offset + i * strides[0] + j * strides[1] + ...` in the storage. */
export class StridedTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: number[];
  readonly strides: number[];

  /** Throws `import/not-a-checkpoint` when it has more elements than its storage, or reaches beyond it. */
  constructor(storage: Storage, offset: number, shape: number[], strides: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    const last = shape.reduce((position, length, axis) => position + (length - 1) * strides[axis]!, offset);
    const bad =
      shape.length !== strides.length ||
      ![offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0) ||
      this.size > storage.length ||
      (this.size > 0 && last >= storage.length);
    if (bad) throw notACheckpoint('it has a tensor that does not fit its storage');
  }

  get size(): number {
    return this.shape.reduce((size, length) => size * length, 1);
  }

  /** Its elements in row-major order, out of the bytes that lie under its storage's key. */
  read(bytes: Uint8Array): NamedArray {
    const { type, from, length } = this.storage;
    if ((from + length) * type.width > bytes.length)
      throw notACheckpoint('it has a storage that is cut short');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const data = new Float32Array(this.size);
    const index = this.shape.map(() => 0);
    let position = from + this.offset;
    for (let i = 0; i < data.length; i++) {
      data[i] = type.read(view, position * type.width);
      // Counts up as an odometer does: the last axis first, carrying over.
      for (let axis = index.length - 1; axis >= 0; axis--) {
        position += this.strides[axis]!;
        if (++index[axis]! < this.shape[axis]!) break;
        position -= this.shape[axis]! * this.strides[axis]!;
        index[axis] = 0;
      }
    }
    return { shape: this.shape, data };
  }
}
