import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import { checkpointSteps } from './checkpoint.ts';

/**
 * Decides which folder a run uses.
 *
 * A name that the recipe gives is a name for a series: a second run goes to `<name>-2`, a third to `<name>-3`, and
 * resuming continues the newest. A name asked for with `--name` is meant literally.
 *
 * @param out folder of all runs
 * @throws PellucidError `run/exists` when a new run would mix with one of the same asked-for name
 */
export async function chooseRunFolder(
  out: string,
  recipeName: string,
  { name, resume }: { name?: string | undefined; resume: boolean },
): Promise<string> {
  if (name !== undefined) {
    const folder = path.join(out, name);
    if (!resume && (await isTaken(folder)))
      throw new PellucidError(
        'run/exists',
        `${folder} already holds a run. Continue it with --resume, or choose another --name.`,
      );
    return folder;
  }
  const folder = (number: number) => path.join(out, number === 1 ? recipeName : `${recipeName}-${number}`);
  let next = 1;
  while (await isTaken(folder(next))) next++;
  return folder(resume ? Math.max(1, next - 1) : next);
}

async function isTaken(folder: string): Promise<boolean> {
  return (await checkpointSteps(path.join(folder, 'checkpoints'))).length > 0;
}
