import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import type { Pairs } from './data/index.ts';
import type { Teacher } from './graph-model-teacher.ts';

/** One name for each patch of a batch, of what it holds: equal names, equal pixels. */
export interface Fingerprints {
  degraded: string[];
  clean: string[];
}

/** Where teachers' answers are kept. */
export interface CacheOptions {
  folder: string;
  /** Bytes that the folder may grow to, whatever else it holds counted. */
  limit: number;
  /** Threads that write to it at once, each of which gets an equal part of the room; 1 unless given. */
  writers?: number;
}

/**
 * One teacher's answers on disk, found by what was asked: the teacher's weights, the patch's pixels and the feature's
 * name. So any run that shows the same patch to the same teacher finds them, whatever it trains, and nothing in the
 * folder can be out of date. Each file is written aside and renamed: a run that is stopped leaves whole answers, and
 * goes on from them. When the folder is full, what is new is computed each time.
 */
export class TeacherCache {
  readonly #folder: string;
  readonly #teacher: string;
  #room: number;

  /** @throws PellucidError `cache/not-written` where the folder cannot be made */
  constructor(model: Teacher, { folder, limit, writers = 1 }: CacheOptions) {
    this.#folder = folder;
    this.#teacher = fingerprintOf(model);
    try {
      mkdirSync(folder, { recursive: true });
      this.#room = (limit - bytesBelow(folder)) / writers;
    } catch (cause) {
      throw new PellucidError(
        'cache/not-written',
        `The folder ${folder} cannot be used to keep teachers' answers: give --cache another one.`,
        { cause },
      );
    }
  }

  /** The `size` values of a feature of a patch, or of the output where `feature` is empty; undefined if not known. */
  read(patch: string, feature: string, size: number): Float32Array | undefined {
    try {
      const bytes = readFileSync(this.#file(patch, feature));
      if (bytes.length !== 4 * size) return undefined;
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    } catch {
      return undefined;
    }
  }

  /** Keeps an answer, if there is room: what a disk refuses is no reason to end a run that can do without. */
  write(patch: string, feature: string, values: Float32Array): void {
    if (this.#room < values.byteLength) return;
    const file = this.#file(patch, feature);
    const aside = `${file}.${randomUUID()}`;
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(aside, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      renameSync(aside, file);
      this.#room -= values.byteLength;
    } catch {
      this.#room = 0;
    }
  }

  #file(patch: string, feature: string): string {
    const name = createHash('sha256').update(`${this.#teacher} ${patch} ${feature}`).digest('hex');
    return path.join(this.#folder, name.slice(0, 2), `${name.slice(2, 40)}.f32`);
  }
}

/** The names by which answers to a batch are found; the noise level is part of what a teacher may be told. */
export function fingerprintsOf({ clean, degraded, noiseLevels, shape }: Pairs): Fingerprints {
  const [patches] = shape;
  const names = (pixels: Float32Array, told?: Float32Array) =>
    Array.from({ length: patches }, (_, index) => {
      const size = pixels.length / patches;
      const hash = createHash('sha256').update(`${shape.slice(1)} ${told?.[index]} `);
      return hash.update(bytesOf(pixels.subarray(index * size, (index + 1) * size))).digest('hex');
    });
  return { degraded: names(degraded, noiseLevels), clean: names(clean) };
}

/** Equal for models that compute the same: of the network's settings and all weights. */
export function fingerprintOf({ network, weights, graphModel }: Teacher): string {
  if (graphModel) return graphModel.hash;
  const hash = createHash('sha256').update(JSON.stringify(network));
  for (const [name, values] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(name).update(bytesOf(values));
  return hash.digest('hex');
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => {
      // What another run was writing aside has its own name by now.
      const stats = statSync(path.join(parentPath, name), { throwIfNoEntry: false });
      return sum + (stats?.size ?? 0);
    }, 0);
}
