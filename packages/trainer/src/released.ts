import { fileURLToPath } from 'node:url';
import { type Model, PellucidError } from '@pellucid/core';
import { models } from '@pellucid/models';
import { loadModel } from './model-file.ts';
import { nearest } from './nearest.ts';

/** Where each released student is, by its name. */
const byName = new Map(Object.entries<URL>(models));

/** Where that of each task is; of several, the one that is listed first. */
const byTask = new Map<string, URL>();
for (const [name, place] of byName) {
  const task = name.split('/')[0]!;
  if (!byTask.has(task)) byTask.set(task, place);
}

/** The tasks for which a student is released. */
export const releasedTasks: readonly string[] = [...byTask.keys()];

/** The students that are not what their task alone asks for: `sr2/tiny`. */
export const otherStudents: readonly string[] = [...byName]
  .filter(([, place]) => ![...byTask.values()].includes(place))
  .map(([name]) => name);

/**
 * Reads the released student of a task.
 *
 * @param task of `releasedTasks`, or one of `otherStudents`
 * @throws PellucidError `restore/no-model`, which lists the tasks there are
 */
export async function loadReleased(task: string): Promise<Model> {
  const place = byTask.get(task) ?? byName.get(task);
  if (place) return loadModel(fileURLToPath(place));
  const names = [...releasedTasks, ...otherStudents];
  const meant = nearest(task, names);
  throw new PellucidError(
    'restore/no-model',
    `No model is released for the task "${task}"${meant ? `; did you mean ${meant}?` : '.'} There are models for ${names.join(', ')}; --model takes one of your own.`,
  );
}
