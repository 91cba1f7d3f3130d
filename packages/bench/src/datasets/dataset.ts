import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { PellucidError, Random } from '@pellucid/core';
import { proceduralPhotograph, readImage } from '@pellucid/trainer';
import { unknown } from '../unknown.ts';
import { catalogue, originalsProtocol, pairsProtocol } from './catalogue.ts';
import { degrade, type Pair } from './degrade.ts';
import { findSamples, photographsBelow } from './files.ts';
import type { Condition, Protocol, Task } from './protocol.ts';
import { toFloat } from './raster.ts';

/** A pair that is read when its turn comes, so that only one is in memory. */
export interface Sample {
  file: string;
  /** @throws PellucidError when a file cannot be read, or the two of a pair differ in size */
  read(condition: Condition): Promise<Pair>;
}

export interface Dataset {
  protocol: Protocol;
  samples: Sample[];
  /** What belongs to the set and cannot be measured, and why. */
  missing: { file: string; reason: string }[];
}

/** The word for pictures that are drawn from a seed, so that a bench needs no photographs. */
export const DRAWN = 'drawn';

/** The sets of the catalogue that lie in the data folder, by the names that `openDataset` takes. */
export function presentDatasets(data: string): Protocol[] {
  return catalogue.filter(({ folder }) => existsSync(path.join(data, folder)));
}

/**
 * A test set by its name, any folder of clean photographs or of pairs by its path, or `drawn`.
 *
 * @param task what a folder that is in no catalogue is measured for; in the catalogue it must be one of the set's own
 * @throws PellucidError `bench/unknown-dataset`, `bench/no-dataset`, `bench/no-photographs`, `bench/wrong-task`
 */
export async function openDataset(name: string, data: string, task?: Task): Promise<Dataset> {
  if (name === DRAWN) return drawn(task ?? 'denoise');
  const protocol = catalogue.find(({ folder }) => folder.toLowerCase() === name.toLowerCase());
  if (protocol) return listed(protocol, path.join(data, protocol.folder), task);
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory()) return unlisted(path.resolve(name), task);
  throw unknown(
    'dataset or folder',
    name,
    [...catalogue.map(({ folder }) => folder), DRAWN],
    'bench/unknown-dataset',
  );
}

async function listed(protocol: Protocol, folder: string, task: Task | undefined): Promise<Dataset> {
  if (task && !protocol.tasks.includes(task))
    throw new PellucidError(
      'bench/wrong-task',
      `${protocol.name} is not a set for ${task}: it is one for ${protocol.tasks.join(' and ')}.`,
    );
  if (!existsSync(folder))
    throw new PellucidError(
      'bench/no-dataset',
      `${protocol.name} (${protocol.source}) is not at ${folder}. Put its ${protocol.count} ${protocol.degraded ? 'pairs' : 'photographs'} there, or say with --data or PELLUCID_DATA where the sets lie.`,
    );
  return fromFiles(folder, task ? { ...protocol, tasks: [task] } : protocol);
}

async function unlisted(folder: string, task: Task | undefined): Promise<Dataset> {
  const name = path.basename(folder);
  const count = (await photographsBelow(folder)).length;
  if (count === 0) throw new PellucidError('bench/no-photographs', `${folder} holds no photographs.`);
  const pairs = pairsProtocol(name, task ?? 'denoise', count);
  const found = await findSamples(folder, pairs).catch(() => undefined);
  if (found) return fromFiles(folder, { ...pairs, count: found.samples.length + found.unpaired.length });
  if (task === 'derain')
    throw new PellucidError(
      'bench/no-pairs',
      `${folder} holds no pairs, and derain needs them: put the degraded files into ${folder}/input and the clean ones, named alike, into ${folder}/target.`,
    );
  return fromFiles(folder, originalsProtocol(name, task ?? 'denoise', count));
}

async function fromFiles(folder: string, protocol: Protocol): Promise<Dataset> {
  const { samples, unpaired } = await findSamples(folder, protocol);
  return {
    protocol,
    missing: unpaired,
    samples: samples.map((files) => ({
      file: files.degraded ?? files.clean,
      read: async (condition) => {
        const truth = toFloat(await readImage(path.join(folder, files.clean)));
        return degrade(truth, files, condition, folder);
      },
    })),
  };
}

function drawn(task: Task): Dataset {
  const count = 8;
  if (task === 'derain')
    throw new PellucidError(
      'bench/wrong-task',
      'Drawn pictures are clean, and derain is measured on pairs: name a set of them.',
    );
  const protocol: Protocol = {
    ...originalsProtocol(DRAWN, task, count),
    name: 'drawn pictures',
    source: 'drawn from a seed',
  };
  const samples = Array.from({ length: count }, (_, index): Sample => {
    const id = `drawn-${index + 1}`;
    return {
      file: id,
      read: async (condition) => {
        const raster = proceduralPhotograph(256, new Random(0).fork(`photograph ${index}`));
        return degrade(toFloat(raster), { id, clean: id }, condition, '');
      },
    };
  });
  return { protocol, samples, missing: [] };
}
