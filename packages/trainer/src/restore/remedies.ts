import { diagnose, type Model, type Raster, Restorer, type Restoring, studentFor } from '@pellucid/core';
import { loadModel } from '../model-file.ts';
import { loadReleased, otherStudents, releasedTasks } from '../released.ts';

/** What is to be done about a photograph. */
export interface Remedy {
  /** Restores it; absent where it is to stay as it came. */
  restorer?: Restoring;
  /** In words, where it had to be found out. */
  found?: string;
}

/** Finds what is to be done about a photograph, from its pixels or from the bytes of its file. */
export type Remedies = (photograph: Raster, file: Uint8Array) => Remedy | Promise<Remedy>;

/** What is to restore: the released student of a task, denoise unless given, or a model of one's own. */
export interface Choice {
  /** `auto` finds out what each photograph needs. */
  task?: string | undefined;
  /** File or folder of a model of one's own. */
  model?: string | undefined;
}

/**
 * Reads the model of a choice; undefined for `auto`, which has one for each photograph.
 *
 * @throws PellucidError `restore/no-model` or what is wrong with the file
 */
export async function modelFor({ task = 'denoise', model }: Choice): Promise<Model | undefined> {
  if (model !== undefined) return loadModel(model);
  return task === 'auto' ? undefined : loadReleased(task);
}

/** Opens a model, so that it can restore. */
export type Open = (model: Model) => Restoring;

/** What a choice, and the model that was read for it, do about a photograph. */
export function remediesFor({ task }: Choice, model: Model | undefined, open: Open): Remedies {
  const openReleased = async (name: string) => open(await loadReleased(name));
  if (!model) return diagnosed(releasedTasks, openReleased);
  const restorer = open(model);
  return task === undefined ? () => ({ restorer }) : asStored(task, restorer, otherStudents, openReleased);
}

const MEMORY = 256 * 2 ** 20;

/** A restorer for photographs of any size, with the memory of a desk rather than a Worker. */
export function openRestorer(model: Model): Restorer {
  return new Restorer(model, { memory: MEMORY, statistics: 'tile' });
}

/** Opens the model of a task, or of another of its students. */
type OpenNamed = (name: string) => Promise<Restoring>;

/**
 * Looks at each photograph and mends what it shows by the model of that task, which is opened when the first one needs it.
 * None enlarges.
 *
 * @param tasks those that there are models for
 */
export function diagnosed(tasks: readonly string[], open: OpenNamed): Remedies {
  const opened = onceEach(open);
  return async (photograph, file) => {
    const { finding, task } = diagnose(photograph, file);
    if (task === null) return { found: 'nothing to mend' };
    if (!tasks.includes(task)) return { found: `${finding}, but no model is released for ${task}` };
    return { restorer: await opened(task), found: finding };
  };
}

/**
 * Restores each photograph by the usual student of a task, or by the one for uploads where its file lost much
 * (`studentFor`), which is opened when the first one needs it.
 *
 * @param students the names of the others that there are
 */
export function asStored(
  task: string,
  usual: Restoring,
  students: readonly string[],
  open: OpenNamed,
): Remedies {
  const opened = onceEach(open);
  return async (_, file) => {
    const student = studentFor(task, file, students);
    if (student === task) return { restorer: usual };
    return { restorer: await opened(student), found: `lost much in its file, by ${student}` };
  };
}

function onceEach(open: OpenNamed): OpenNamed {
  const restorers = new Map<string, Restoring>();
  return async (name) => {
    const restorer = restorers.get(name) ?? (await open(name));
    restorers.set(name, restorer);
    return restorer;
  };
}
