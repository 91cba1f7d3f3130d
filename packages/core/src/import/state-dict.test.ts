import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it, test } from 'vitest';
import { PellucidError } from '../errors.ts';
import { type NamedArray, readSafetensors, writeSafetensors } from '../model/safetensors.ts';
import { readStateDict } from './state-dict.ts';

/** A tensor to be saved: a view of the numbers under `key`. */
interface Saved {
  key: string;
  shape: number[];
  strides?: number[];
  offset?: number;
  type?: string;
  /** Elements that the storage is said to have. */
  length: number;
  /** Before 1.6: first element and number of elements of the part of the storage that the tensor sees. */
  part?: [number, number];
}

class Tuple extends Array<unknown> {}
class Bytes extends Array<number> {}
const tuple = (...items: unknown[]) => Tuple.from(items);
const ascii = (text: string) => [...new TextEncoder().encode(text)];
const uint32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
const call = (name: string, parameters: unknown) =>
  Bytes.from([...global(name), ...pickled(parameters), 0x52]);
/** c, a module, a name */
function global(name: string): number[] {
  const dot = name.lastIndexOf('.');
  return [0x63, ...ascii(`${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`)];
}

/** The opcodes that make a value, as Python's protocol 2 writes them, without a memo. */
function pickled(value: unknown): number[] {
  if (value instanceof Bytes) return value;
  if (value === null || value === undefined) return [0x4e];
  if (typeof value === 'boolean') return [value ? 0x88 : 0x89];
  if (typeof value === 'number') return [0x4a, ...uint32(value)];
  if (typeof value === 'string') return [0x58, ...uint32(ascii(value).length), ...ascii(value)];
  if (value instanceof Tuple) return [0x28, ...value.flatMap(pickled), 0x74];
  if (Array.isArray(value)) return [0x5d, 0x28, ...value.flatMap(pickled), 0x65];
  if (value instanceof Map) return [0x7d, 0x28, ...[...value].flat().flatMap(pickled), 0x75];
  const { key, shape, type = 'FloatStorage', offset = 0, length, part, ...saved } = value as Saved;
  const strides = saved.strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const view = part ? tuple('view', ...part) : null;
  const storage = tuple('storage', Bytes.from(global(`torch.${type}`)), key, 'cpu', length, view);
  const reference = Bytes.from([...pickled(storage), 0x51]);
  return call(
    'torch._utils._rebuild_tensor_v2',
    tuple(reference, offset, tuple(...shape), tuple(...strides), false, null),
  );
}

const program = (value: unknown) => Uint8Array.from([0x80, 2, ...pickled(value), 0x2e]);
type Storages = Record<string, ArrayBufferView>;
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** What torch.save writes since 1.6. */
function zipFile(pickle: Uint8Array, storages: Storages = {}, level: 0 | 9 = 0): Uint8Array {
  const files = Object.entries(storages).map(([key, data]) => [`net/data/${key}`, bytesOf(data)]);
  return zipSync({ 'net/data.pkl': pickle, ...Object.fromEntries(files) }, { level });
}

/** What it wrote before. */
function legacyFile(
  pickle: Uint8Array,
  storages: Storages = {},
  { elements, keys = Object.keys(storages) }: { elements?: number; keys?: unknown } = {},
): Uint8Array {
  const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  const data = Object.values(storages).flatMap((array) => {
    const { length } = array as Float32Array;
    return [...bytesOf(BigInt64Array.of(BigInt(elements ?? length))), ...bytesOf(array)];
  });
  return Uint8Array.from([
    ...program(Bytes.from(magic)),
    ...program(1001),
    ...program(new Map([['little_endian', true]])),
    ...pickle,
    ...program(keys),
    ...data,
  ]);
}

const dict = (entries: Record<string, unknown>) => new Map(Object.entries(entries));
/** Lists that each hold the one before twice, sixty deep: written out, they would fill any memory. */
const doubling = Array.from({ length: 60 }, (_, i) => [0x5d, 0x68, i, 0x61, 0x68, i, 0x61, 0x71, i + 1])
  .flat()
  .toSpliced(0, 0, 0x5d, 0x71, 0);
const six = { a: Float32Array.of(0, 1, 2, 3, 4, 5) };
const two: Saved = { key: 'a', length: 6, shape: [2, 3] };

function errorOf(file: Uint8Array): PellucidError {
  try {
    readStateDict(file);
  } catch (error) {
    if (error instanceof PellucidError) return error;
    throw error;
  }
  throw new Error('the file was read');
}
const codeOf = (file: Uint8Array) => errorOf(file).code;

describe.each([
  ['zip', zipFile],
  ['legacy', legacyFile],
] as const)('a %s checkpoint', (_, write) => {
  const read = (value: unknown, storages: Storages = six) => readStateDict(write(program(value), storages));
  const readOne = (tensor: Saved, storages?: Storages) => read(dict({ w: tensor }), storages).get('w')!;

  it('gives its tensors by name, in order, and leaves out what is no tensor', () => {
    const storages = { ...six, b: Float32Array.of(7) };
    const bias: Saved = { key: 'b', length: 1, shape: [1] };
    const found = read(dict({ 'x.weight': two, epoch: 3, 'x.bias': bias, note: 'hé' }), storages);
    expect([...found]).toEqual([
      ['x.weight', { shape: [2, 3], data: six.a }],
      ['x.bias', { shape: [1], data: storages.b }],
    ]);
  });

  it('reads every type of number', () => {
    const types: [string, ArrayBufferView, number[]][] = [
      ['DoubleStorage', Float64Array.of(-1.5, 0.1), [-1.5, Math.fround(0.1)]],
      ['FloatStorage', Float32Array.of(-1.5, 3e38), [-1.5, Math.fround(3e38)]],
      ['HalfStorage', Uint16Array.of(0xbe00, 0x3555), [-1.5, 0.333251953125]],
      ['BFloat16Storage', Uint16Array.of(0xbfc0, 0x7f00), [-1.5, 2 ** 127]],
      ['LongStorage', BigInt64Array.of(-3n, 2n ** 40n), [-3, 2 ** 40]],
      ['IntStorage', Int32Array.of(-3, 70000), [-3, 70000]],
      ['ShortStorage', Int16Array.of(-3, 300), [-3, 300]],
      ['CharStorage', Int8Array.of(-3, 100), [-3, 100]],
      ['ByteStorage', Uint8Array.of(3, 200), [3, 200]],
      ['BoolStorage', Uint8Array.of(1, 0), [1, 0]],
    ];
    for (const [type, data, values] of types)
      expect([...readOne({ key: 'a', type, length: 2, shape: [2] }, { a: data }).data]).toEqual(values);
  });

  it('steps through storages as the strides say, and shares them', () => {
    expect([...readOne({ ...two, shape: [3, 2], strides: [1, 3] }).data]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...readOne({ ...two, shape: [2], strides: [3], offset: 1 }).data]).toEqual([1, 4]);
    expect([...readOne({ ...two, shape: [4], strides: [0], offset: 5 }).data]).toEqual([5, 5, 5, 5]);
    expect(readOne({ ...two, shape: [] })).toEqual({ shape: [], data: Float32Array.of(0) });
    expect(readOne({ ...two, shape: [0, 3] }).data).toHaveLength(0);
    expect([...readOne({ ...two, shape: [2], part: [3, 2] }).data]).toEqual([3, 4]);
    const tied = read(dict({ a: two, b: { ...two, shape: [6] } }));
    expect(tied.get('a')!.data).toEqual(tied.get('b')!.data);
  });

  it('looks under the names that training scripts use, the moving average first, and drops "module."', () => {
    const one = { ...two, shape: [1] };
    const state = (offset: number) => dict({ 'module.w': { ...one, offset } });
    const value = (wrapped: Record<string, unknown>) => read(dict(wrapped)).get('w')!.data[0];
    expect(value({ params: state(1), params_ema: state(2) })).toBe(2);
    expect(value({ epoch: 3, state_dict: state(3), optimizer: dict({ lr: 1 }) })).toBe(3);
    expect(value({ model: state(4) })).toBe(4);
    expect(read(dict({ 'module.a': one, b: one })).has('module.a')).toBe(true);
  });

  it('reads ordered dicts with attributes, parameters, and what Python 2 wrote', () => {
    const ordered = Bytes.from([
      ...call('collections.OrderedDict', tuple()),
      ...[0x28, ...pickled('a'), ...call('torch._utils._rebuild_parameter', tuple(two, true, null)), 0x75],
      ...[...pickled(dict({ _metadata: call('collections.OrderedDict', tuple()) })), 0x62],
    ]);
    expect([...read(ordered).keys()]).toEqual(['a']);
    expect([...read(call('collections.OrderedDict', tuple([['b', two]]))).keys()]).toEqual(['b']);
  });

  it('takes no name as anything but a name', () => {
    const found = read(dict({ constructor: two, toString: two }));
    expect([...found.keys()]).toEqual(['constructor', 'toString']);
    const proto = read(
      new Map<string, unknown>([
        ['__proto__', two],
        ['w', two],
      ]),
    );
    expect([...proto.keys()]).toEqual(['__proto__', 'w']);
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
  });

  it.each(['os.system', 'builtins.eval', 'torch.load', 'torch._utils._rebuild_device_tensor_from_numpy'])(
    'refuses %s by name',
    (name) => {
      const error = errorOf(write(program(dict({ a: two, b: call(name, tuple('true')) })), six));
      expect(error.code).toBe('import/refused-global');
      expect(error.message).toContain(`"${name}"`);
    },
  );

  it('refuses a global that protocol 4 names', () => {
    const text = (value: string) => [0x8c, value.length, ...ascii(value)];
    const pickle = [
      0x80,
      4,
      0x95,
      ...Array(8).fill(0),
      ...text('posix'),
      0x94,
      ...text('system'),
      0x93,
      0x2e,
    ];
    expect(errorOf(write(Uint8Array.from(pickle))).message).toContain('"posix.system"');
  });

  it.each<[string, unknown]>([
    ['more elements than its storage', { ...two, shape: [7], strides: [0] }],
    ['2^62 elements', { ...two, shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] }],
    ['an end beyond its storage', { ...two, shape: [2], strides: [6] }],
    ['a negative stride', { ...two, shape: [2], strides: [-1], offset: 3 }],
    ['fewer strides than axes', { ...two, strides: [1] }],
    ['a thousand axes', { ...two, shape: Array(1000).fill(1) }],
    ['a storage that claims more than there is', { ...two, length: 2 ** 31 - 1, shape: [2 ** 30] }],
    ['a storage that is not there', { ...two, key: 'z' }],
    ['a storage of an unknown kind', { ...two, type: '_utils._rebuild_parameter' }],
  ])('refuses a tensor with %s', (_, tensor) => {
    expect(codeOf(write(program(dict({ w: tensor })), six))).toMatch(
      /^import\/(not-a-checkpoint|refused-global)$/,
    );
  });

  it('refuses many large tensors that share one storage', () => {
    const storages = { a: new Float32Array(10_000) };
    const all: Saved = { key: 'a', length: 10_000, shape: [10_000] };
    const many = dict(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`w${i}`, all])));
    expect(errorOf(write(program(many), storages)).message).toContain('overlap');
  });

  it('has an end to opcodes, integers, and what it holds', () => {
    const flood = new Uint8Array(2 ** 20 + 1).fill(0x7d);
    expect(errorOf(write(flood)).message).toContain('longer than that of any state dict');
    expect(codeOf(write(Uint8Array.from([0x8a, 255, ...Array(255).fill(1), 0x2e])))).toBe(
      'import/not-a-checkpoint',
    );
    // A list that holds itself, and lists within lists a hundred thousand deep.
    const cycle = Bytes.from([0x5d, 0x71, 0, 0x68, 0, 0x61]);
    expect(codeOf(write(program(cycle)))).toBe('import/no-state-dict');
    const deep = [...Array(1e5).fill(0x5d), ...Array(1e5 - 1).fill(0x61), 0x2e];
    expect(codeOf(write(Uint8Array.from(deep)))).toBe('import/no-state-dict');
  });

  it('does in no pickle what grows faster than it', () => {
    // A list of ten thousand pairs that a hundred thousand calls recall.
    const pairs = [...pickled(Array(1e4).fill(tuple('a', 1))), 0x71, 0];
    const called = [
      ...global('collections.OrderedDict'),
      0x71,
      1,
      ...Array(1e5).fill([104, 1, 104, 0, 0x85, 0x52]),
    ];
    const recalling = Uint8Array.from([0x80, 2, ...pairs, ...called.flat(), 0x4e, 0x2e]);
    expect(codeOf(write(recalling))).toBe('import/no-state-dict');
    const named = Uint8Array.from([0x80, 4, ...doubling, ...pickled('system'), 0x93, 0x2e]);
    expect(codeOf(write(named))).toBe('import/not-a-checkpoint');
  });

  it('has an end to tensors', () => {
    const none: Saved = { key: 'a', length: 0, shape: [0] };
    const recalled = (i: number) => Bytes.of(...(i === 0 ? [...pickled(none), 0x71, 0] : [0x68, 0]));
    const many = dict(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`w${i}`, recalled(i)])));
    expect(errorOf(write(program(many), { a: new Float32Array() })).message).toContain('10001 tensors');
  });

  it('says so when there is no state dict', () => {
    expect(codeOf(write(program(dict({ epoch: 3 }))))).toBe('import/no-state-dict');
    expect(codeOf(write(program(dict({ net: dict({ w: two }) })), six))).toBe('import/no-state-dict');
    expect(codeOf(write(program([two]), six))).toBe('import/no-state-dict');
  });

  const good = write(program(dict({ params: dict({ 'a.weight': two, 'a.bias': two }) })), six);
  it('gives a typed error for every truncation', () => {
    for (let length = 0; length < good.length; length++)
      expect(codeOf(good.slice(0, length))).toMatch(/^import\//);
  });

  it('gives a typed error or tensors for changed bytes and for any program', () => {
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const file = good.slice();
        for (const [at, value] of changes) file[at] = value;
        expectTypedErrorOrTensors(file);
      }),
      { numRuns: 3000 },
    );
    const opcode = fc.constantFrom(
      ...new Set(good.subarray(0, 400)),
      0x93,
      0x94,
      0x71,
      0x68,
      0x85,
      0x87,
      0x61,
    );
    fc.assert(
      fc.property(fc.array(opcode, { maxLength: 60 }), (opcodes) => {
        expectTypedErrorOrTensors(write(Uint8Array.from([0x80, 2, ...opcodes, 0x2e]), six));
      }),
      { numRuns: 1000 },
    );
  });
});

function expectTypedErrorOrTensors(file: Uint8Array): void {
  try {
    for (const { shape, data } of readStateDict(file).values())
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error;
  }
}

it('refuses a zip archive that is compressed, or whose files overlap', () => {
  const bomb = zipFile(program(dict({ w: two })), { a: new Float32Array(1e6) }, 9);
  expect(errorOf(bomb).message).toContain('compressed');

  const overlapping = zipFile(program(dict({ w: two })), {
    a: new Float32Array(1e4),
    b: new Float32Array(9990),
  });
  const view = new DataView(overlapping.buffer);
  for (let at = overlapping.length - 4; at > 0; at--)
    // Sizes in the directory's entries, 20 and 24 bytes after the signature.
    if (view.getUint32(at, true) === 0x02014b50)
      for (const field of [20, 24]) view.setUint32(at + field, overlapping.length - 100, true);
  expect(errorOf(overlapping).message).toContain('claims more');
});

it('refuses a legacy file whose storage claims more than follows', () => {
  for (const elements of [7, 2 ** 52, -1])
    expect(codeOf(legacyFile(program(dict({ w: two })), six, { elements }))).toBe('import/not-a-checkpoint');
});

it('refuses a legacy file whose list of storages is none', () => {
  for (const keys of ['a', [7], Bytes.of(...doubling, 0x5d, 0x68, 60, 0x61)])
    expect(codeOf(legacyFile(program(dict({ w: two })), six, { keys }))).toBe('import/not-a-checkpoint');
});

it('reads safetensors', () => {
  const tensors = new Map<string, NamedArray>([['module.w', { shape: [2, 3], data: six.a }]]);
  const file = writeSafetensors({ tensors, metadata: {} }, 'F32');
  expect(readStateDict(file).get('w')).toEqual({ shape: [2, 3], data: six.a });
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['a web page', Uint8Array.from(ascii('<!doctype html><title>404</title>'))],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['another pickle', program(dict({ w: 1 }))],
  ['another zip archive', zipSync({ 'word/document.xml': Uint8Array.of(1) }, { level: 0 })],
])('%s is no checkpoint', (_, file) => {
  expect(codeOf(file)).toBe('import/not-a-checkpoint');
});

const root = path.join(import.meta.dirname, '../../../..');
const teachers = path.resolve(root, process.env.PELLUCID_TEACHERS ?? '../shared/teachers');
const reference = path.resolve(root, process.env.PELLUCID_REFERENCE ?? '../shared/reference');

describe.each([
  ['IMDN_x2.pth', path.join(teachers, 'imdn_x2.safetensors')],
  ['PANx2_DF2K.pth', path.join(teachers, 'pan_x2.safetensors')],
  ['PReNet_Rain100L.pth', path.join(teachers, 'prenet_Rain100L.safetensors')],
  ['NAFNet_random_zip.pth', path.join(reference, 'nafnet.safetensors')],
])('%s', (name, conversion) => {
  const original = path.join(teachers, 'pytorch', name);
  const absent = [original, conversion].filter((file) => !existsSync(file));
  it.skipIf(absent.length > 0)(
    `holds what its conversion holds${absent.map((file) => `; no ${file}`)}`,
    () => {
      const { tensors, metadata } = readSafetensors(readFileSync(conversion));
      const expected = [...tensors].filter(([name]) => name.startsWith('w.'));
      const found = readStateDict(readFileSync(original));
      expect(found.size).toBe(expected.length);
      for (const [name, array] of expected) {
        const full = name.slice(2).replace(/\.w$/, '.weight').replace(/\.b$/, '.bias');
        const saved = found.get(full)!;
        expect(metadata.layout!.includes('[kh,kw,in,out]') ? outputsLast(saved) : saved, full).toEqual(array);
      }
    },
  );
});

/** [out, in, height, width] to [height, width, in, out]; vectors stay as they are. */
function outputsLast({ shape, data }: NamedArray): NamedArray {
  if (shape.length !== 4) return { shape, data };
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const size = inputs * height * width;
  const turned = data.map((_, i) => {
    const [position, input] = [Math.floor(i / outputs / inputs), Math.floor(i / outputs) % inputs];
    return data[(i % outputs) * size + input * height * width + position]!;
  });
  return { shape: [height, width, inputs, outputs], data: turned };
}
