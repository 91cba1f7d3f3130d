import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { PellucidError, readSafetensors, writeSafetensors } from '@pellucid/core';
import { z } from 'zod';
import { UNFINISHED, writeAtomically } from './atomic-file.ts';
import type { Recipe } from './recipe.ts';

/** The arrays of a run, each with the student's weights and then the method's auxiliaries. */
export interface TrainingArrays {
  weights: Float32Array;
  /** The optimiser's running means of the gradient and of its square. */
  first: Float32Array;
  second: Float32Array;
  /** Exponential moving average of the weights. */
  average: Float32Array;
}

/**
 * Everything that a run needs to continue as if it had never stopped.
 *
 * No generator's state is among it, because none outlives a step: the random numbers of a step follow from the seed
 * and the step's number.
 */
export interface TrainingState extends TrainingArrays {
  /** Steps done. */
  step: number;
  /** The best validation so far, which the checkpoint of that step keeps. */
  best: { step: number; psnr: number } | null;
}

const arrayNames = ['weights', 'first', 'second', 'average'] as const;
const formatVersion = '1';
const kept = 2;
const fileName = /^step-(\d{8})\.safetensors$/;

const metadataSchema = z.object({
  'pellucid-checkpoint': z.literal(formatVersion),
  step: z.coerce.number<string>().pipe(z.int().nonnegative()),
  best: z.string().transform((text) => JSON.parse(text) as TrainingState['best']),
  recipe: z.string().transform((text) => JSON.parse(text) as Recipe),
  crc32: z.string(),
});

/**
 * Writes the checkpoint of the state's step, then deletes older ones but for the last two and the best.
 *
 * @returns the file
 */
export async function saveCheckpoint(folder: string, state: TrainingState, recipe: Recipe): Promise<string> {
  const tensors = new Map(
    arrayNames.map((name) => [name, { shape: [state[name].length], data: state[name] }]),
  );
  const metadata = {
    'pellucid-checkpoint': formatVersion,
    step: String(state.step),
    best: JSON.stringify(state.best),
    recipe: JSON.stringify(recipe),
    crc32: checksum(state),
  };
  const file = path.join(folder, nameOf(state.step));
  await writeAtomically(file, writeSafetensors({ tensors, metadata }, 'F32'));

  const steps = await checkpointSteps(folder);
  const stale = steps.slice(kept).filter((step) => step !== state.best?.step);
  await Promise.all(stale.map((step) => rm(path.join(folder, nameOf(step)), { force: true })));
  return file;
}

/**
 * The newest checkpoint that can be read. One that cannot is set aside as `….damaged`, with a word to `onDamaged`.
 *
 * @throws PellucidError `checkpoint/none` when there is nothing to continue from
 */
export async function loadNewestCheckpoint(
  folder: string,
  onDamaged: (message: string) => void,
): Promise<{ state: TrainingState; recipe: Recipe }> {
  for (const step of await checkpointSteps(folder)) {
    const file = path.join(folder, nameOf(step));
    try {
      return readCheckpoint(new Uint8Array(await readFile(file)));
    } catch (error) {
      await rename(file, `${file}.damaged`);
      onDamaged(`${file} is damaged (${(error as Error).message}); going back to the one before.`);
    }
  }
  throw new PellucidError(
    'checkpoint/none',
    `There is no usable checkpoint in ${folder}. Start the run without --resume.`,
  );
}

/** Steps of the checkpoints in a folder, newest first; none when there is no folder. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .flatMap((file) => fileName.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** Removes what a killed process was in the middle of writing. */
export async function removeUnfinished(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  const unfinished = files.filter((file) => file.endsWith(UNFINISHED));
  await Promise.all(unfinished.map((file) => rm(path.join(folder, file), { force: true })));
}

/**
 * Refuses to continue a run under a recipe that would make it another run.
 *
 * What may differ: the run's name, how often it reports, and `steps`, so that a run can be made longer (its learning
 * rate then follows the longer schedule).
 *
 * @throws PellucidError `checkpoint/other-recipe` that names each key that differs
 */
export function refuseOtherRecipe(saved: Recipe, asked: Recipe): void {
  const free = new Set(['name', 'steps', 'every']);
  const differing = (Object.keys({ ...saved, ...asked }) as (keyof Recipe)[])
    .filter((key) => !free.has(key))
    .flatMap((key) => differences(saved[key], asked[key], key));
  if (differing.length)
    throw new PellucidError(
      'checkpoint/other-recipe',
      `The run was started with another recipe, so it cannot continue with this one:\n${differing
        .map(
          ({ key, saved, asked }) => `  ${key}: was ${JSON.stringify(saved)}, now ${JSON.stringify(asked)}`,
        )
        .join('\n')}\nUndo the difference, or start a new run with --name.`,
    );
}

interface Difference {
  key: string;
  saved: unknown;
  asked: unknown;
}

function differences(saved: unknown, asked: unknown, key: string): Difference[] {
  if (JSON.stringify(saved) === JSON.stringify(asked)) return [];
  if (!isObject(saved) || !isObject(asked)) return [{ key, saved, asked }];
  return Object.keys({ ...saved, ...asked }).flatMap((child) =>
    differences(saved[child], asked[child], `${key}.${child}`),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readCheckpoint(bytes: Uint8Array): { state: TrainingState; recipe: Recipe } {
  const { tensors, metadata } = readSafetensors(bytes);
  const { step, best, recipe, crc32 } = metadataSchema.parse(metadata);
  const arrays = Object.fromEntries(
    arrayNames.map((name) => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`it has no ${name}`);
      return [name, tensor.data];
    }),
  ) as unknown as TrainingArrays;
  if (checksum(arrays) !== crc32) throw new Error('its checksum is wrong');
  return { state: { ...arrays, step, best }, recipe };
}

function checksum(arrays: TrainingArrays): string {
  let value = 0;
  for (const name of arrayNames) {
    const { buffer, byteOffset, byteLength } = arrays[name];
    value = crc32(new Uint8Array(buffer, byteOffset, byteLength), value);
  }
  return value.toString(16).padStart(8, '0');
}

function nameOf(step: number): string {
  return `step-${String(step).padStart(8, '0')}.safetensors`;
}
