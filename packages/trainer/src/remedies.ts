import { diagnose, type Model, type Raster, Restorer } from '@pellucid/core';

/** What is to be done about a photograph. */
export interface Remedy {
  /** Restores it; absent where it is to stay as it came. */
  restorer?: Pick<Restorer, 'restore'>;
  /** In words, where it had to be found out. */
  found?: string;
}

/** Finds what is to be done about a photograph. */
export type Remedies = (photograph: Raster) => Remedy | Promise<Remedy>;

const MEMORY = 256 * 2 ** 20;

/** A restorer for photographs of any size, with the memory of a desk rather than a Worker. */
export function openRestorer(model: Model): Restorer {
  return new Restorer(model, { memory: MEMORY, statistics: 'tile' });
}

/**
 * Looks at each photograph and mends what it shows by the model of that task, which is loaded when the first one needs it.
 * None enlarges.
 *
 * @param tasks those that there are models for
 */
export function diagnosed(tasks: readonly string[], load: (task: string) => Promise<Model>): Remedies {
  const restorers = new Map<string, Restorer>();
  return async (photograph) => {
    const { finding, task } = diagnose(photograph);
    if (task === null) return { found: 'nothing to mend' };
    if (!tasks.includes(task)) return { found: `${finding}, but no model is released for ${task}` };
    const restorer = restorers.get(task) ?? openRestorer(await load(task));
    restorers.set(task, restorer);
    return { restorer, found: finding };
  };
}
