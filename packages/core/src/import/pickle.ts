/**
 * Python's pickle, as far as a state dict needs it: dicts, lists, tuples, strings, numbers, None, and what the caller
 * supplies. A pickle is a program for a stack machine (CPython's `pickletools` describes each opcode) that may name
 * any importable function and have it called. This machine calls nothing but the globals it was given and refuses
 * every other as soon as it is named, so that a stranger's file is read and never run.
 *
 * Time and memory are bounded: an opcode makes at most one value, there is an end to opcodes, a string is no longer than
 * the bytes that hold it, and no value is walked recursively.
 */
import { PellucidError } from '../errors.ts';
import { notACheckpoint } from './errors.ts';
import type { Storage, StridedTensor } from './strided-tensor.ts';

/** What a pickle may hold. Tuples are arrays, as lists are; dicts are Maps, whatever their keys. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | Map<Value, Value>
  | Storage
  | StridedTensor
  | Global;

/** A function or class that a pickle may name. */
export class Global {
  readonly name: string;
  readonly call: (parameters: Value[]) => Value;

  constructor(name: string, call: (parameters: Value[]) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** The globals that pickles may name, as `module.name`, and what stands for the objects stored outside the pickle. */
export interface PickleWorld {
  globals: ReadonlyMap<string, Global>;
  persistent(id: Value): Value;
}

const opcodes = {
  mark: 0x28,
  emptyTuple: 0x29,
  stop: 0x2e,
  binFloat: 0x47,
  binInt: 0x4a,
  binInt1: 0x4b,
  binInt2: 0x4d,
  none: 0x4e,
  binPersistentId: 0x51,
  reduce: 0x52,
  binString: 0x54,
  shortBinString: 0x55,
  binUnicode: 0x58,
  emptyList: 0x5d,
  append: 0x61,
  build: 0x62,
  global: 0x63,
  appends: 0x65,
  binGet: 0x68,
  longBinGet: 0x6a,
  binPut: 0x71,
  longBinPut: 0x72,
  setItem: 0x73,
  tuple: 0x74,
  setItems: 0x75,
  emptyDict: 0x7d,
  protocol: 0x80,
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  newTrue: 0x88,
  newFalse: 0x89,
  long1: 0x8a,
  shortBinUnicode: 0x8c,
  stackGlobal: 0x93,
  memoize: 0x94,
  frame: 0x95,
} as const;

/** A state dict of a thousand tensors takes some thirty thousand. */
const mostOpcodes = 2 ** 20;

/** A state dict has no larger integer than PyTorch's magic number, of ten bytes. */
const longestInteger = 16;

/**
 * Runs the pickle that starts at `start`.
 *
 * @returns its value, and where the bytes after it start
 * @throws PellucidError `import/refused-global` when it names a global that `world` does not have, or
 *   `import/not-a-checkpoint` when it is damaged, cut short, or uses an opcode that no state dict needs
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  world: PickleWorld,
): { value: Value; end: number } {
  const machine = new Machine(bytes, start, world);
  for (let step = 0; step < mostOpcodes; step++)
    if (machine.step()) return { value: machine.pop(), end: machine.position };
  throw notACheckpoint('its pickle is longer than that of any state dict');
}

class Machine {
  position: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #world: PickleWorld;
  readonly #stack: Value[] = [];
  /** The stack's height at each open mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();

  constructor(bytes: Uint8Array, position: number, world: PickleWorld) {
    this.position = position;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
  }

  /** Runs one opcode; true when it was the last. */
  step(): boolean {
    const opcode = this.#unsigned(1);
    switch (opcode) {
      case opcodes.stop:
        return true;
      case opcodes.protocol:
        this.#take(1);
        break;
      case opcodes.frame:
        this.#take(8);
        break;

      case opcodes.none:
        this.#push(null);
        break;
      case opcodes.newTrue:
        this.#push(true);
        break;
      case opcodes.newFalse:
        this.#push(false);
        break;
      case opcodes.binInt:
        this.#push(this.#view.getInt32(this.#take(4), true));
        break;
      case opcodes.binInt1:
        this.#push(this.#unsigned(1));
        break;
      case opcodes.binInt2:
        this.#push(this.#unsigned(2));
        break;
      case opcodes.long1:
        this.#push(this.#long(this.#unsigned(1)));
        break;
      case opcodes.binFloat:
        this.#push(this.#view.getFloat64(this.#take(8)));
        break;
      case opcodes.binUnicode:
      case opcodes.binString:
        this.#push(this.#text(this.#unsigned(4)));
        break;
      case opcodes.shortBinUnicode:
      case opcodes.shortBinString:
        this.#push(this.#text(this.#unsigned(1)));
        break;

      case opcodes.mark:
        this.#marks.push(this.#stack.length);
        break;
      case opcodes.emptyTuple:
      case opcodes.emptyList:
        this.#push([]);
        break;
      case opcodes.tuple:
        this.#push(this.#popMark());
        break;
      case opcodes.tuple1:
      case opcodes.tuple2:
      case opcodes.tuple3:
        this.#push(this.#popMany(opcode - opcodes.tuple1 + 1));
        break;
      case opcodes.append:
        this.#append([this.pop()]);
        break;
      case opcodes.appends:
        this.#append(this.#popMark());
        break;
      case opcodes.emptyDict:
        this.#push(new Map());
        break;
      case opcodes.setItem:
        this.#setItems(this.#popMany(2));
        break;
      case opcodes.setItems:
        this.#setItems(this.#popMark());
        break;

      case opcodes.binPut:
        this.#memo.set(this.#unsigned(1), this.#top());
        break;
      case opcodes.longBinPut:
        this.#memo.set(this.#unsigned(4), this.#top());
        break;
      case opcodes.memoize:
        this.#memo.set(this.#memo.size, this.#top());
        break;
      case opcodes.binGet:
        this.#get(this.#unsigned(1));
        break;
      case opcodes.longBinGet:
        this.#get(this.#unsigned(4));
        break;

      case opcodes.global:
        this.#global(this.#line(), this.#line());
        break;
      case opcodes.stackGlobal: {
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string')
          throw notACheckpoint('its pickle names a global by what is no text');
        this.#global(module, name);
        break;
      }
      case opcodes.reduce: {
        const [callable, parameters] = this.#popMany(2);
        if (!(callable instanceof Global) || !Array.isArray(parameters))
          throw notACheckpoint('its pickle calls what is no function');
        this.#push(callable.call(parameters));
        break;
      }
      case opcodes.build:
        // Attributes of an OrderedDict: the version numbers that `state_dict` keeps of each module.
        this.pop();
        if (!(this.#top() instanceof Map)) throw notACheckpoint('its pickle gives attributes to a value');
        break;
      case opcodes.binPersistentId:
        this.#push(this.#world.persistent(this.pop()));
        break;
      default:
        throw notACheckpoint(`its pickle has opcode 0x${opcode.toString(16)}, which no state dict needs`);
    }
    return false;
  }

  pop(): Value {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined) throw notACheckpoint('its pickle takes from an empty stack');
    return value;
  }

  #popMany(count: number): Value[] {
    if (this.#stack.length < count) throw notACheckpoint('its pickle takes from an empty stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popMark(): Value[] {
    const height = this.#marks.pop();
    if (height === undefined) throw notACheckpoint('its pickle closes what it did not open');
    return this.#stack.splice(height);
  }

  #append(items: Value[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw notACheckpoint('its pickle appends to what is no list');
    for (const item of items) list.push(item);
  }

  #setItems(items: Value[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw notACheckpoint('its pickle sets items of what is no dict');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw notACheckpoint('its pickle recalls what it did not keep');
    this.#push(value);
  }

  #global(module: string, name: string): void {
    const full = `${module}.${name}`;
    const known = this.#world.globals.get(full);
    if (!known)
      throw new PellucidError(
        'import/refused-global',
        `The checkpoint wants to run ${JSON.stringify(full.slice(0, 200))}. Only tensors and plain values are read, and nothing is run: save it again with torch.save(model.state_dict(), path).`,
      );
    this.#push(known);
  }

  /** Moves past `length` bytes and says where they start. */
  #take(length: number): number {
    const from = this.position;
    if (length > this.#bytes.length - from) throw notACheckpoint('its pickle is cut short');
    this.position += length;
    return from;
  }

  #unsigned(width: 1 | 2 | 4): number {
    const from = this.#take(width);
    if (width === 1) return this.#bytes[from]!;
    return width === 2 ? this.#view.getUint16(from, true) : this.#view.getUint32(from, true);
  }

  /** A little-endian integer in two's complement; a bigint where it is beyond exact numbers. */
  #long(length: number): number | bigint {
    if (length > longestInteger) throw notACheckpoint(`its pickle has an integer of ${length} bytes`);
    let value = 0n;
    for (const byte of this.#slice(length).toReversed()) value = (value << 8n) | BigInt(byte);
    value = BigInt.asIntN(8 * length, value);
    return BigInt.asIntN(53, value) === value ? Number(value) : value;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#slice(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw notACheckpoint('its pickle is cut short');
    const text = this.#text(end - this.position);
    this.position = end + 1;
    return text;
  }

  #slice(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }
}
