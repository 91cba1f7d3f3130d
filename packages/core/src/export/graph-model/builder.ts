import type { Weights } from '../../networks/initial-weights.ts';

/** An attribute as TensorFlow's NodeDef has it in JSON. */
type AttrValue = Record<string, unknown>;

interface NodeDef {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, AttrValue>;
}

interface WeightSpec {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32';
}

/** Attributes by the type that TensorFlow gives them. */
export const attribute = {
  text: (value: string): AttrValue => ({ s: btoa(value) }),
  texts: (values: string[]): AttrValue => ({ list: { s: values.map((value) => btoa(value)) } }),
  int: (value: number): AttrValue => ({ i: value }),
  ints: (values: number[]): AttrValue => ({ list: { i: values } }),
  float: (value: number): AttrValue => ({ f: value }),
  bool: (value: boolean): AttrValue => ({ b: value }),
  type: (value: 'DT_FLOAT' | 'DT_INT32'): AttrValue => ({ type: value }),
  shape: (sizes: number[]): AttrValue => ({ shape: { dim: sizes.map((size) => ({ size })) } }),
};

/** Collects a TensorFlow graph. Values are NHWC float32 unless an emitter says otherwise. */
export class GraphModelBuilder {
  readonly nodes: NodeDef[] = [];
  readonly specs: WeightSpec[] = [];
  /** The constants' values, one after another. */
  readonly data: Uint8Array[] = [];
  readonly inputs = new Map<string, number[]>();
  readonly #weights: Weights;
  readonly #constants = new Set<string>();
  readonly #names = new Map<string, string>();
  readonly #sizes = new Map<string, string>();

  /** @param weights of the network, by name */
  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** An input of the network, with -1 for what the caller decides; asking for it again gives the same one. */
  input(name: string, shape: number[]): string {
    if (!this.inputs.has(name)) {
      this.inputs.set(name, shape);
      const attr = { dtype: attribute.type('DT_FLOAT'), shape: attribute.shape(shape) };
      this.nodes.push({ name, op: 'Placeholder', attr });
    }
    return name;
  }

  /** Adds an operation and returns its name, which stands for its first output. */
  op(type: string, inputs: string[], attr: Record<string, AttrValue> = {}): string {
    const name = `${type}_${this.nodes.length}`;
    this.nodes.push({ name, op: type, input: inputs, attr });
    return name;
  }

  /** A trained array, as the model has it. */
  values(name: string): Float32Array {
    return this.#weights.get(name)!;
  }

  /** A trained array as it stands, in a shape of as many values. */
  weight(name: string, shape: number[]): string {
    return this.floats(name, this.values(name), shape);
  }

  /** A constant; one name always stands for the same values. */
  floats(name: string, values: ArrayLike<number>, shape: number[]): string {
    return this.#constant(name, 'float32', shape, Float32Array.from(values));
  }

  /** A constant of one value. */
  float(value: number): string {
    return this.floats(this.#nameOf('float', [value]), [value], []);
  }

  /** A constant for each channel. */
  channels(values: number[]): string {
    return this.floats(this.#nameOf('channels', values), values, [values.length]);
  }

  /** A constant vector of int32, as axes and indices are. */
  ints(...values: number[]): string {
    return this.#constant(this.#nameOf('ints', values), 'int32', [values.length], Int32Array.from(values));
  }

  /** A constant int32 without dimensions. */
  int(value: number): string {
    return this.#constant(this.#nameOf('int', [value]), 'int32', [], Int32Array.of(value));
  }

  /** How long a value is along an axis, known when the graph runs: an int32 without dimensions. */
  size(x: string, axis: number): string {
    const key = `${x} ${axis}`;
    const known = this.#sizes.get(key);
    if (known) return known;
    const along = [axis, axis + 1, 1].map((bound) => this.ints(bound));
    const size = this.op('StridedSlice', [this.op('Shape', [x]), ...along], {
      shrink_axis_mask: attribute.int(1),
    });
    this.#sizes.set(key, size);
    return size;
  }

  /** A shape of known sizes and of sizes found when the graph runs. */
  shape(...sizes: (number | string)[]): string {
    if (sizes.every((size) => typeof size === 'number')) return this.ints(...sizes);
    const parts = sizes.map((size) => (typeof size === 'number' ? this.int(size) : size));
    return this.op('Pack', parts, { N: attribute.int(parts.length), axis: attribute.int(0) });
  }

  reshape(x: string, ...sizes: (number | string)[]): string {
    return this.op('Reshape', [x, this.shape(...sizes)]);
  }

  transpose(x: string, ...axes: number[]): string {
    return this.op('Transpose', [x, this.ints(...axes)]);
  }

  /** `count` values from `from` on along the last of `rank` axes. */
  sliceLast(x: string, rank: number, from: number, count: number): string {
    const rest = Array<number>(rank - 1);
    return this.op('Slice', [x, this.ints(...rest.fill(0), from), this.ints(...rest.fill(-1), count)]);
  }

  /** A sum, mean or minimum along axes, which stay with a length of 1. */
  reduce(type: 'Sum' | 'Mean' | 'Min', x: string, ...axes: number[]): string {
    return this.op(type, [x, this.ints(...axes)], { keep_dims: attribute.bool(true) });
  }

  matMul(a: string, b: string, transpose?: 'a' | 'b'): string {
    return this.op('BatchMatMulV2', [a, b], {
      adj_x: attribute.bool(transpose === 'a'),
      adj_y: attribute.bool(transpose === 'b'),
    });
  }

  /** Constants of one kind with the same values are one. */
  #nameOf(kind: string, values: number[]): string {
    const key = `${kind} ${values.join(' ')}`;
    const name = this.#names.get(key) ?? `${kind}_${this.#names.size}`;
    this.#names.set(key, name);
    return name;
  }

  #constant(
    name: string,
    dtype: WeightSpec['dtype'],
    shape: number[],
    values: Float32Array | Int32Array,
  ): string {
    if (this.#constants.has(name)) return name;
    this.#constants.add(name);
    const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
    this.nodes.push({ name, op: 'Const', attr: { dtype: attribute.type(type) } });
    this.specs.push({ name, shape, dtype });
    this.data.push(new Uint8Array(values.buffer));
    return name;
  }
}
