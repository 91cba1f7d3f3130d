import { fileURLToPath } from 'node:url';
import { type Model, PellucidError } from '@pellucid/core';
import { models } from '@pellucid/models';
import { loadModel } from './model-file.ts';
import { nearest } from './nearest.ts';

/** Where the released student of each task is; of several sizes, the one that is listed first. */
const places = new Map<string, URL>();
for (const [name, place] of Object.entries<URL>(models)) {
  const task = name.split('/')[0]!;
  if (!places.has(task)) places.set(task, place);
}

/** The tasks for which a student is released. */
export const releasedTasks: readonly string[] = [...places.keys()];

/**
 * Reads the released student of a task.
 *
 * @throws PellucidError `restore/no-model`, which lists the tasks there are
 */
export async function loadReleased(task: string): Promise<Model> {
  const place = places.get(task);
  if (place) return loadModel(fileURLToPath(place));
  const meant = nearest(task, releasedTasks);
  throw new PellucidError(
    'restore/no-model',
    `No model is released for the task "${task}"${meant ? `; did you mean ${meant}?` : '.'} There are models for ${releasedTasks.join(', ')}; --model takes one of your own.`,
  );
}
