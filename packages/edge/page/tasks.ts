/** What the server can do, as its models say it. */
export interface ServedTask {
  task: string;
  /** How many times each side grows; 1 where the size stays. */
  enlargement: number;
}

/** Where the server finds out itself what a photograph needs. */
export const AUTO: ServedTask = { task: 'auto', enlargement: 1 };

/** Whether a task expects what JPEG does to a photograph. */
export function isForUploads(task: string): boolean {
  return task.endsWith('/upload');
}

/** A task's name for a person. */
export function nameOf({ task, enlargement }: ServedTask): string {
  if (enlargement > 1) return `Enlarge ${enlargement} times${isForUploads(task) ? ', from JPEG' : ''}`;
  if (task === 'jpeg') return 'JPEG artefacts';
  return task.charAt(0).toUpperCase() + task.slice(1);
}
