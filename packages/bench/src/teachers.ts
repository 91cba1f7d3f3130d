import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Raster } from '@pellucid/core';
import { type Converted, readConverted } from '@pellucid/core/import';
import { type Candidate, modelCandidate } from './candidate.ts';
import type { Condition } from './datasets/protocol.ts';
import { teachersFolder } from './folders.ts';
import { unknown } from './unknown.ts';

/** What stands before the name of a network of others. */
export const TEACHERS = 'teachers:';

const ENDING = '.safetensors';

/** The networks in the teachers' folder, by the names that stand after `teachers:`. */
export async function presentTeachers(): Promise<string[]> {
  const folder = teachersFolder();
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((file) => file.endsWith(ENDING));
  return names.map((file) => path.basename(file, ENDING)).sort();
}

/**
 * A network of others with its authors' weights, to measure.
 *
 * @throws as `foreignTeacher`
 */
export async function loadTeacher(name: string): Promise<Candidate> {
  const { model, metadata, truncates } = await foreignTeacher(name);
  const { trained_on: trainedOn, sigma, published } = metadata;
  const candidate = modelCandidate(model, {
    name: `${TEACHERS}${name}`,
    // Networks for rain are trained for one set, on that set's own training half.
    ...(trainedOn && { only: [trainedOn.replace('RainTrain', 'Rain100')] }),
    ...(sigma !== undefined && { sigma }),
    ...(published !== undefined && { published }),
  });
  return truncates ? truncating(candidate) : candidate;
}

/** The candidate as its authors' script saves what it restores: cut to 8 bits, not rounded. */
function truncating(candidate: Candidate): Candidate {
  const open = async () => {
    const { restore, dispose } = await candidate.open();
    return {
      dispose,
      async restore(image: Raster, condition: Condition) {
        const restored = await restore(image, condition);
        return { ...restored, data: restored.data.map((value) => Math.floor(255 * value) / 255) };
      },
    };
  };
  const published = candidate.published && `${candidate.published}; saved as its authors do, cut to 8 bits`;
  return { ...candidate, ...(published && { published }), open };
}

/**
 * A network of others with its authors' weights.
 *
 * @throws PellucidError `bench/unknown-model` suggesting the right one, and what `readConverted` throws
 */
export async function foreignTeacher(name: string): Promise<Converted> {
  const file = path.join(teachersFolder(), `${name}${ENDING}`);
  if (!existsSync(file)) {
    const known = (await presentTeachers()).map((known) => `${TEACHERS}${known}`);
    throw unknown('model', `${TEACHERS}${name}`, known, 'bench/unknown-model');
  }
  return readConverted(name, new Uint8Array(await readFile(file)));
}
