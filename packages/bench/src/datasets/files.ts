import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import { isImageFile, keyOf, type PairLayout, pairFiles } from '@pellucid/trainer';
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
  const { clean, degraded, exclude } = protocol;
  const files = (await photographsBelow(folder)).filter(
    (file) =>
      ![clean, degraded].some((pattern) => pattern && Object.hasOwn(exclude, keyOf(file, pattern) ?? '')),
  );
  const found = degraded ? paired(files, { clean, degraded }) : singles(files, clean);
  if (found.samples.length === 0) {
    const wanted = [protocol.clean, protocol.degraded].filter(Boolean).join(' with its ');
    throw new PellucidError(
      'bench/no-photographs',
      `${folder} holds no sample of ${protocol.name}: ${files.length} photographs, none that is named ${wanted}.`,
    );
  }
  return found;
}

function singles(files: readonly string[], clean: RegExp): FoundFiles {
  const samples = files.flatMap((file) => {
    const id = keyOf(file, clean);
    return id === undefined ? [] : [{ id, clean: file }];
  });
  return { samples, unpaired: [] };
}

function paired(files: readonly string[], layout: PairLayout): FoundFiles {
  const { pairs, unpaired } = pairFiles(files, layout);
  // Where several degraded files share a clean one, only their own names tell them apart.
  return { samples: pairs.map((pair) => ({ id: pair.degraded.replace(/\.\w+$/, ''), ...pair })), unpaired };
}
