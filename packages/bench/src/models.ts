import { existsSync } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import { loadModel } from '@pellucid/trainer';
import { type Candidate, modelCandidate } from './candidate.ts';
import { ownEngineBytes } from './download.ts';
import { root } from './folders.ts';
import { loadTeacher, presentTeachers, TEACHERS } from './teachers.ts';
import { unknown } from './unknown.ts';

/** The released models by short names, `denoise/small`. */
export async function releasedModels(): Promise<string[]> {
  const names: string[] = [];
  for await (const file of glob('*/*/model.safetensors', { cwd: path.join(root, 'models') }))
    names.push(path.dirname(file).split(path.sep).join('/'));
  return names.sort();
}

/**
 * The file of a model: by its short name among the released ones, or by the path of a file or folder.
 *
 * @throws PellucidError `bench/unknown-model` suggesting the right one
 */
export async function locateModel(name: string): Promise<string> {
  const short = path.join(root, 'models', name.replace(/^models\//, ''));
  const location = existsSync(short) ? short : path.resolve(name);
  if (!existsSync(location)) throw unknown('model', name, await knownModels(), 'bench/unknown-model');
  return (await stat(location)).isDirectory() ? path.join(location, 'model.safetensors') : location;
}

async function knownModels(): Promise<string[]> {
  const teachers = await presentTeachers();
  return [...(await releasedModels()), ...teachers.map((name) => `${TEACHERS}${name}`)];
}

/**
 * What `--model` names, ready to be measured: released models, files, `teachers:NAME`. If it is undefined, all there
 * are, without those that cannot be read, which a warning names.
 */
export async function candidates(names: readonly string[] | undefined): Promise<Candidate[]> {
  if (names !== undefined) return Promise.all(names.map(candidate));
  const found = await Promise.all(
    (await knownModels()).map((name) =>
      candidate(name).catch((error: unknown) => {
        if (!(error instanceof PellucidError)) throw error;
        console.warn(`Left out: ${error.message}`);
        return [];
      }),
    ),
  );
  return found.flat();
}

async function candidate(name: string): Promise<Candidate> {
  if (name.startsWith(TEACHERS)) return loadTeacher(name.slice(TEACHERS.length));
  const file = await locateModel(name);
  return modelCandidate(await loadModel(file), { bytes: (await stat(file)).size + ownEngineBytes() });
}
