/** What the server can do, as its models say it. */
export interface ServedTask {
  task: string;
  /** How many times each side grows; 1 where the size stays. */
  enlargement: number;
}

/** Where the server finds out itself what a photograph needs. */
export const AUTO: ServedTask = { task: 'auto', enlargement: 1 };

/** Whether a visitor may choose it: those for uploads are taken by themselves, for the files that they are for. */
export function isOffered({ task }: ServedTask): boolean {
  return !task.endsWith('/upload');
}

/** A task's name for a person. */
export function nameOf({ task, enlargement }: ServedTask): string {
  if (enlargement > 1) return `Enlarge ${enlargement} times`;
  if (task === 'jpeg') return 'JPEG artefacts';
  return task.charAt(0).toUpperCase() + task.slice(1);
}
