import { describe, expect, it } from 'vitest';
import { PellucidError } from '../errors.ts';
import { weightsOf } from '../network/cost.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import { initialWeights } from '../networks/initial-weights.ts';
import { Random } from '../random.ts';
import { fromHalf, shorten, toHalf } from './half.ts';
import { type Model, readModel, writeModel } from './model.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const network: NetworkConfig = { kind: 'edge-unet', widths: [8, 16], encoder: [1, 1], decoder: [1] };
const graph = buildNetwork(network);
const model: Model = {
  name: 'denoise/test',
  task: 'denoise',
  network,
  graph,
  weights: initialWeights(graph, new Random(1)),
};

/** The code of the PellucidError that `read` throws. */
function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PellucidError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('a model file', () => {
  it('comes back as it was written', () => {
    const { graph: _, ...read } = readModel(writeModel(model, 'F32'));
    const { graph: __, ...written } = model;
    expect(read).toEqual(written);
  });

  it('remembers whose images an aggregator merges, in their order', () => {
    const network: NetworkConfig = { kind: 'blend', images: 2 };
    const graph = buildNetwork(network);
    const weights = initialWeights(graph, new Random(1));
    const merges = ['imdn', 'pan'];
    const aggregator: Model = { name: 'test', task: 'sr', network, merges, graph, weights };
    expect(readModel(writeModel(aggregator, 'F32'))).toEqual(aggregator);
  });

  it('remembers what a photograph goes through before its network', () => {
    const second: Model = { ...model, before: 'deconvolution' };
    const { graph: _, ...read } = readModel(writeModel(second, 'F32'));
    const { graph: __, ...written } = second;
    expect(read).toEqual(written);
  });

  it('reads the same from a Node Buffer', () => {
    const bytes = writeModel(model, 'F32');
    expect(readModel(Buffer.from(bytes)).weights).toEqual(model.weights);
  });

  it('is half the size in float16, at a relative error of at most 2^-9', () => {
    const full = writeModel(model, 'F32');
    const half = writeModel(model, 'F16');
    expect(half.length).toBeLessThan(0.6 * full.length);
    const read = readModel(half).weights.get('head.weight')!;
    for (const [i, value] of model.weights.get('head.weight')!.entries())
      expect(Math.abs(read[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -9 + 2 ** -25);
  });

  it('takes eight bits of what neither reads the photograph nor writes it, and float16 of the rest', () => {
    const written = writeModel(model, 'I8');
    const { tensors } = readSafetensors(written);
    const scaled = [...tensors.keys()].filter((name) => tensors.has(`${name}.scale`));
    expect(scaled).toEqual([
      ...['encoder0.0.a', 'encoder0.0.b', 'down1', 'encoder1.0.a', 'encoder1.0.b', 'up0'].map(
        (name) => `${name}.weight`,
      ),
    ]);
    const read = readModel(written).weights;
    for (const name of scaled) {
      const { data: scale } = tensors.get(`${name}.scale`)!;
      for (const [i, value] of model.weights.get(name)!.entries())
        expect(Math.abs(read.get(name)![i]! - value)).toBeLessThanOrEqual(0.501 * scale[i % scale.length]!);
    }
    expect(read.get('tail.weight')).toEqual(readModel(writeModel(model, 'F16')).weights.get('tail.weight'));
    const again = readModel(writeModel(readModel(written), 'I8')).weights;
    for (const [name, values] of read)
      for (const [i, value] of values.entries()) expect(again.get(name)![i]).toBeCloseTo(value, 6);
  });

  it('is float16 throughout in eight bits, where all of a network works at one resolution', () => {
    const network: NetworkConfig = { kind: 'edge-sr', scale: 2, width: 8, depth: 2 };
    const graph = buildNetwork(network);
    const flat: Model = { ...model, network, graph, weights: initialWeights(graph, new Random(1)) };
    expect(writeModel(flat, 'I8')).toEqual(writeModel(flat, 'F16'));
  });

  it('is refused when a tensor is missing, extra or wrongly shaped', () => {
    const change = (
      edit: (tensors: ReturnType<typeof readSafetensors>['tensors']) => void,
      dtype: 'F32' | 'I8' = 'F32',
    ) => {
      const file = readSafetensors(writeModel(model, dtype));
      edit(file.tensors);
      return codeOf(() => readModel(writeSafetensors(file, 'F32')));
    };
    expect(change((tensors) => tensors.delete('tail.bias'))).toBe('model/missing-tensor');
    expect(change((tensors) => tensors.set('stray', { shape: [1], data: new Float32Array(1) }))).toBe(
      'model/extra-tensor',
    );
    expect(change((tensors) => (tensors.get('tail.weight')!.shape = [3, 3, 12, 8]))).toBe(
      'model/wrong-shape',
    );
    const scale = (length: number) => ({ shape: [length], data: new Float32Array(length) });
    expect(change((tensors) => tensors.set('up0.weight.scale', scale(32)))).toBe('model/extra-tensor');
    expect(change((tensors) => tensors.set('up0.weight.scale', scale(31)), 'I8')).toBe('model/wrong-shape');
    expect(change((tensors) => tensors.delete('up0.weight.scale'), 'I8')).toBe('model/missing-tensor');
    expect(change(() => {}, 'I8')).toBe('no error');
  });

  it('is refused when its metadata describes no network', () => {
    const change = (metadata: Record<string, string>) => {
      const file = readSafetensors(writeModel(model, 'F32'));
      return codeOf(() =>
        readModel(writeSafetensors({ ...file, metadata: { ...file.metadata, ...metadata } }, 'F32')),
      );
    };
    expect(change({ pellucid: '99' })).toBe('model/unknown-network');
    expect(change({ network: '{' })).toBe('model/unknown-network');
    expect(change({ network: '{"kind":"other"}' })).toBe('model/unknown-network');
    expect(change({ network: JSON.stringify({ ...network, widths: [7, 16] }) })).toBe(
      'model/unknown-network',
    );
  });

  it('gives a typed error for every truncation and for mutated bytes', () => {
    const bytes = writeModel(model, 'F16');
    for (let length = 0; length < bytes.length; length += 97)
      expect(codeOf(() => readModel(bytes.slice(0, length)))).toBe('model/not-safetensors');
    const random = new Random(5);
    for (let round = 0; round < 500; round++) {
      const mutated = bytes.slice();
      for (let i = 0; i < 3; i++) mutated[random.integer(2000)] = random.integer(256);
      expect(codeOf(() => readModel(mutated))).toMatch(/^model\/|^no error$/);
    }
  });
});

describe('safetensors', () => {
  const file = (entries: object, body: ArrayBufferView) => {
    const json = new TextEncoder().encode(JSON.stringify(entries));
    const { buffer, byteOffset, byteLength } = body;
    return Buffer.concat([
      new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer),
      json,
      new Uint8Array(buffer, byteOffset, byteLength),
    ]);
  };

  it('are read in types that models are not written in', () => {
    const entry = (dtype: string, from: number, to: number) => ({
      dtype,
      shape: [1],
      data_offsets: [from, to],
    });
    const entries = { half: entry('BF16', 0, 2), byte: entry('U8', 2, 3), long: entry('I64', 3, 11) };
    const body = Uint8Array.of(0xc0, 0xbf, 200, ...new Uint8Array(BigInt64Array.of(-7n).buffer));
    const values = [...readSafetensors(file(entries, body)).tensors.values()].map(({ data }) => [...data]);
    expect(values).toEqual([[-1.5], [200], [-7]]);
    expect(codeOf(() => readSafetensors(file({ x: entry('F8_E4M3', 0, 1) }, body)))).toBe(
      'model/not-safetensors',
    );
  });

  it('are refused when arrays overlap, so that a small file cannot hold many large ones', () => {
    const whole = { dtype: 'F32', shape: [1000], data_offsets: [0, 4000] };
    expect(readSafetensors(file({ a: whole }, new Float32Array(1000))).tensors.size).toBe(1);
    expect(codeOf(() => readSafetensors(file({ a: whole, b: whole }, new Float32Array(1000))))).toBe(
      'model/not-safetensors',
    );
  });
});

describe('float16', () => {
  it('converts the values that the standard lists', () => {
    const known: [number, number][] = [
      [0, 0x0000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [1 / 3, 0x3555],
      [Number.POSITIVE_INFINITY, 0x7c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [65519, 0x7bff],
      [65520, 0x7c00],
      [2047.9999, 0x6800],
    ];
    for (const [value, half] of known) expect(toHalf(Float32Array.of(value))[0]).toBe(half);
  });

  it('rounds to fewer bits of mantissa, ties to even', () => {
    const values = Float32Array.of(
      1,
      1 + 2 ** -9,
      1 + 3 * 2 ** -9,
      -(1 + 2 ** -9 + 2 ** -20),
      2 - 2 ** -10,
      0,
    );
    expect([...shorten(values, 8)]).toEqual([1, 1, 1 + 2 ** -7, -(1 + 2 ** -8), 2, 0]);
    for (const half of toHalf(shorten(Float32Array.of(Math.PI, -0.0123), 8))) expect(half & 3).toBe(0);
  });

  it('survives a round trip for every finite bit pattern', () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter(
      (half) => (half & 0x7c00) !== 0x7c00,
    );
    expect(toHalf(Float32Array.from(all, fromHalf)).map((half) => (half === 0x8000 ? 0 : half))).toEqual(
      all.map((half) => (half === 0x8000 ? 0 : half)),
    );
  });
});

it('every weight of a network has its own name', () => {
  const names = weightsOf(graph).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
