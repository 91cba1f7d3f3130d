import type { Weights } from '../../networks/initial-weights.ts';
import { bytes, float, int, message } from './protobuf.ts';

// Field and type numbers below are those of onnx.proto (ONNX 1.15, IR version 9).
const [floatTensor, int64Tensor] = [1, 7];

/** An attribute of an ONNX operator; a bare number is an integer. */
export type Attribute = number | number[] | string | { float: number };

/** A dimension: a size, or the name of one that the caller decides. */
export type Dimension = number | string;

/** Collects an ONNX graph. Values are NCHW float32 unless an emitter says otherwise. */
export class OnnxBuilder {
  readonly #weights: Weights;
  readonly #nodes: Uint8Array[] = [];
  readonly #constants = new Map<string, Uint8Array>();
  readonly #names = new Map<string, string>();
  readonly #inputs = new Map<string, Uint8Array>();

  /** @param weights of the network, by name */
  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** An input of the network; asking for it again gives the same one. */
  input(name: string, shape: Dimension[]): string {
    this.#inputs.set(name, valueInfo(11, name, shape));
    return name;
  }

  /** Adds an operator and returns the name of its output: the first of them, if it has several. */
  op(type: string, inputs: string[], attributes: Record<string, Attribute> = {}, outputs = 1): string {
    const output = `${type}_${this.#nodes.length}`;
    const others = Array.from({ length: outputs - 1 }, (_, index) => `${output}_${index + 1}`);
    this.#nodes.push(
      message(1, [
        ...inputs.map((name) => bytes(1, name)),
        ...[output, ...others].map((name) => bytes(2, name)),
        bytes(3, output),
        bytes(4, type),
        ...Object.entries(attributes).map(([name, value]) => message(5, [bytes(1, name), ...encode(value)])),
      ]),
    );
    return output;
  }

  /** A trained array, as the model has it. */
  values(name: string): Float32Array {
    return this.#weights.get(name)!;
  }

  /** A trained array as it stands, in another shape of as many values. */
  weight(name: string, shape: number[]): string {
    return this.floats(name, this.values(name), shape);
  }

  /** A constant; one name always stands for the same values. */
  floats(name: string, values: ArrayLike<number>, shape: number[]): string {
    return this.#constant(name, floatTensor, shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** A constant of one value, which any shape can be added to or multiplied by. */
  float(value: number): string {
    return this.floats(this.#nameOf('float', [value]), [value], []);
  }

  /** A constant for each channel. */
  channels(values: number[]): string {
    return this.floats(this.#nameOf('channels', values), values, [values.length, 1, 1]);
  }

  /** A constant vector of int64, as shapes, axes and indices are. */
  ints(...values: number[]): string {
    return this.#int64('ints', values, [values.length]);
  }

  /** A constant int64 without dimensions. */
  int(value: number): string {
    return this.#int64('int', [value], []);
  }

  /** The fields of the GraphProto whose output is `output`, under the name "output". */
  graph(name: string, output: string, shape: Dimension[]): Uint8Array[] {
    const last = message(1, [bytes(1, output), bytes(2, 'output'), bytes(4, 'Identity')]);
    return [
      ...this.#nodes,
      last,
      bytes(2, name),
      ...this.#constants.values(),
      ...this.#inputs.values(),
      valueInfo(12, 'output', shape),
    ];
  }

  #int64(kind: string, values: number[], shape: number[]): string {
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(this.#nameOf(kind, values), int64Tensor, shape, raw);
  }

  /** Constants of one kind with the same values are one. */
  #nameOf(kind: string, values: number[]): string {
    const key = `${kind} ${values.join(' ')}`;
    const name = this.#names.get(key) ?? `${kind}_${this.#names.size}`;
    this.#names.set(key, name);
    return name;
  }

  #constant(name: string, type: number, shape: number[], raw: Uint8Array): string {
    if (!this.#constants.has(name)) {
      const dims = shape.map((size) => int(1, size));
      this.#constants.set(name, message(5, [...dims, int(2, type), bytes(8, name), bytes(9, raw)]));
    }
    return name;
  }
}

function encode(value: Attribute): Uint8Array[] {
  const [floatType, intType, stringType, intsType] = [1, 2, 3, 7];
  if (typeof value === 'number') return [int(3, value), int(20, intType)];
  if (typeof value === 'string') return [bytes(4, value), int(20, stringType)];
  if (Array.isArray(value)) return [...value.map((each) => int(8, each)), int(20, intsType)];
  return [float(2, value.float), int(20, floatType)];
}

function valueInfo(field: number, name: string, shape: Dimension[]): Uint8Array {
  const dims = shape.map((size) => message(1, [typeof size === 'number' ? int(1, size) : bytes(2, size)]));
  return message(field, [bytes(1, name), message(2, [message(1, [int(1, floatTensor), message(2, dims)])])]);
}
