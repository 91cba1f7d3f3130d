import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import { isImageFile } from '@pellucid/trainer';
import type { Protocol } from './protocol.ts';

/** The files of one sample, by paths relative to the set's folder; only pairs have `degraded`. */
export interface SampleFiles {
  /** What tables call it and what its noise is drawn from. */
  id: string;
  clean: string;
  degraded?: string;
}

export interface FoundFiles {
  samples: SampleFiles[];
  /** Files that belong to the set and cannot be measured, with what is missing. */
  unpaired: { file: string; reason: string }[];
}

/** Every photograph below a folder, by its path with `/` between parts, in an order that no file system changes. */
export async function photographsBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause) => {
    throw new PellucidError('bench/no-folder', `There is no folder of photographs at ${folder}.`, { cause });
  });
  const files = entries.filter(isImageFile).map((file) => file.split(path.sep).join('/'));
  // 2 comes before 10, on every machine.
  return files.sort(new Intl.Collator('en', { numeric: true }).compare);
}

/**
 * Sorts a folder's files into the samples of a set, as its protocol pairs them. A degraded file without its clean one,
 * or the other way round, is listed as such, and costs no other sample.
 *
 * @throws PellucidError `bench/no-photographs` when not one sample is there, saying what was looked for
 */
export async function findSamples(folder: string, protocol: Protocol): Promise<FoundFiles> {
  const files = await photographsBelow(folder);
  const keyed = (pattern: RegExp): Keyed =>
    files.flatMap((file) => {
      const groups = pattern.exec(file)?.slice(1);
      const key = groups?.filter(Boolean).join('');
      return key === undefined || Object.hasOwn(protocol.exclude, key) ? [] : [{ key, file }];
    });
  const clean = keyed(protocol.clean);
  const found = protocol.degraded ? pairs(clean, keyed(protocol.degraded)) : singles(clean);
  if (found.samples.length === 0) {
    const wanted = [protocol.clean, protocol.degraded].filter(Boolean).join(' with its ');
    throw new PellucidError(
      'bench/no-photographs',
      `${folder} holds no sample of ${protocol.name}: ${files.length} photographs, none that is named ${wanted}.`,
    );
  }
  return found;
}

type Keyed = { key: string; file: string }[];

function singles(clean: Keyed): FoundFiles {
  return { samples: clean.map(({ key, file }) => ({ id: key, clean: file })), unpaired: [] };
}

function pairs(clean: Keyed, degraded: Keyed): FoundFiles {
  const cleanFiles = new Map(clean.map(({ key, file }) => [key, file]));
  const used = new Set(degraded.map(({ key }) => key));
  const samples: SampleFiles[] = [];
  const unpaired: FoundFiles['unpaired'] = [];
  for (const { key, file } of degraded) {
    const partner = cleanFiles.get(key);
    // Where several degraded files share a clean one, only their own names tell them apart.
    if (partner) samples.push({ id: file.replace(/\.\w+$/, ''), clean: partner, degraded: file });
    else unpaired.push({ file, reason: `there is no clean file "${key}" to compare it with` });
  }
  for (const { key, file } of clean)
    if (!used.has(key))
      unpaired.push({ file, reason: `there is no degraded file "${key}" that belongs to it` });
  return { samples, unpaired };
}
