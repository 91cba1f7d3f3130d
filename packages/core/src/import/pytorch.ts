/**
 * The two containers of `torch.save`: since PyTorch 1.6 a zip archive with the pickle in `data.pkl` and each storage a
 * file of its own; before, a run of pickles (magic number, protocol, facts about the machine, the object, the storages'
 * keys) and then the storages, each after its length (torch/serialization.py).
 */
import { unzipSync } from 'fflate';
import { PellucidError } from '../errors.ts';
import { type ElementType, elementTypes } from '../model/element-types.ts';
import { notACheckpoint } from './errors.ts';
import { Global, type PickleWorld, unpickle, type Value } from './pickle.ts';
import { mostAxes, Storage, StridedTensor } from './strided-tensor.ts';

/** What was saved, and the bytes that lie under each storage's key. */
export interface Checkpoint {
  value: Value;
  storages: Map<string, Uint8Array>;
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** A file's entry in a zip directory, without its name. */
const smallestZipEntry = 46;

export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;
export const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80;

/** Reads a checkpoint of PyTorch 1.6 or newer. Throws `import/not-a-checkpoint` or `import/refused-global`. */
export function readZipCheckpoint(bytes: Uint8Array): Checkpoint {
  const files = storedFiles(bytes);
  const pickle = [...files.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) throw notACheckpoint('it is a zip archive without a data.pkl');
  const root = pickle.slice(0, -'data.pkl'.length);
  const byteOrder = files.get(`${root}byteorder`);
  requireLittleEndian(!byteOrder || new TextDecoder().decode(byteOrder) === 'little');

  const { value } = unpickle(files.get(pickle)!, 0, worldOfTensors(new Map()));
  const prefix = `${root}data/`;
  const storages = [...files]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, file]): [string, Uint8Array] => [name.slice(prefix.length), file]);
  return { value, storages: new Map(storages) };
}

/** Reads a checkpoint from before PyTorch 1.6. Throws `import/not-a-checkpoint` or `import/refused-global`. */
export function readLegacyCheckpoint(bytes: Uint8Array): Checkpoint {
  const types = new Map<string, ElementType>();
  const world = worldOfTensors(types);
  let position = 0;
  const next = (): Value => {
    const { value, end } = unpickle(bytes, position, world);
    position = end;
    return value;
  };
  if (next() !== legacyMagic) throw notACheckpoint('it is a pickle, but not of torch.save');
  const _protocol = next();
  const machine = next();
  requireLittleEndian(machine instanceof Map && machine.get('little_endian') === true);
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw notACheckpoint('it does not list its storages');

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (!type) throw notACheckpoint('it lists a storage that no tensor uses');
    if (position + 8 > bytes.length) throw notACheckpoint('it has a storage that is cut short');
    const length = Number(view.getBigInt64(position, true)) * type.width;
    const from = position + 8;
    if (!(length >= 0 && length <= bytes.length - from))
      throw notACheckpoint('it has a storage that is cut short');
    storages.set(key as string, bytes.subarray(from, from + length));
    position = from + length;
  }
  return { value, storages };
}

/**
 * The files of a zip archive. PyTorch compresses none, so none may be: what comes out is then no larger than what went
 * in, unless files overlap, which their sizes together give away.
 */
function storedFiles(bytes: Uint8Array): Map<string, Uint8Array> {
  let files = 0;
  let size = 0;
  const filter = (file: { size: number; compression: number }) => {
    if (file.compression !== 0)
      throw notACheckpoint('it is a compressed zip archive; PyTorch writes plain ones');
    files++;
    size += file.size;
    if (!(size <= bytes.length && files * smallestZipEntry <= bytes.length))
      throw notACheckpoint('its zip directory claims more than the file holds');
    return true;
  };
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter })));
  } catch (cause) {
    if (cause instanceof PellucidError) throw cause;
    throw notACheckpoint('its zip directory is damaged', cause);
  }
}

function requireLittleEndian(isLittle: boolean): void {
  if (!isLittle) throw notACheckpoint('it was saved on a big-endian machine');
}

const storageTypes = Object.entries({
  DoubleStorage: elementTypes.F64,
  FloatStorage: elementTypes.F32,
  HalfStorage: elementTypes.F16,
  BFloat16Storage: elementTypes.BF16,
  LongStorage: elementTypes.I64,
  IntStorage: elementTypes.I32,
  ShortStorage: elementTypes.I16,
  CharStorage: elementTypes.I8,
  ByteStorage: elementTypes.U8,
  BoolStorage: elementTypes.BOOL,
}).map(([name, type]) => ({ type, global: new Global(`torch.${name}`, refuseCall) }));

const functions = [
  // Python 2 wrote a list of pairs. It is emptied, or a pickle that recalls it again and again would take for ever.
  new Global('collections.OrderedDict', ([pairs = []]) => new Map(list(pairs).splice(0).map(pairOf))),
  new Global('torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides]) => {
    if (!(storage instanceof Storage)) throw notACheckpoint('it has a tensor without a storage');
    return new StridedTensor(storage, count(offset), counts(shape), counts(strides));
  }),
  new Global('torch._utils._rebuild_parameter', ([tensor]) => {
    if (!(tensor instanceof StridedTensor)) throw notACheckpoint('it has a parameter that is no tensor');
    return tensor;
  }),
];

const globals = new Map(
  [...functions, ...storageTypes.map(({ global }) => global)].map((global) => [global.name, global]),
);

/** Every global that a state dict names, and its storages, whose types are noted in `types`. */
function worldOfTensors(types: Map<string, ElementType>): PickleWorld {
  return {
    globals,
    /** ('storage', class, key, device, length), before 1.6 followed by None or by (key, from, length) of a part. */
    persistent(id) {
      const [kind, storageClass, key, _device, length, part] = list(id);
      const type = storageTypes.find(({ global }) => global === storageClass)?.type;
      if (kind !== 'storage' || typeof key !== 'string' || !type)
        throw notACheckpoint('it refers to an object outside its pickle that is no storage');
      types.set(key, type);
      if (!part) return new Storage(key, type, 0, count(length));
      const [_key, from, partLength] = list(part);
      return new Storage(key, type, count(from), count(partLength));
    },
  };
}

function refuseCall(): never {
  throw notACheckpoint('its pickle makes a storage where it should refer to one');
}

function list(value: Value | undefined): Value[] {
  if (!Array.isArray(value)) throw notACheckpoint('its pickle has another value where a tuple belongs');
  return value;
}

function pairOf(value: Value): [Value, Value] {
  const [key = null, item = null] = list(value);
  return [key, item];
}

/** One for each axis; so short a list may be recalled as often as a pickle likes. */
function counts(value: Value | undefined): number[] {
  const values = list(value);
  if (values.length > mostAxes) throw notACheckpoint(`it has a tensor of ${values.length} axes`);
  return values.map(count);
}

function count(value: Value | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw notACheckpoint('its pickle has another value where a number of elements belongs');
  return value;
}
