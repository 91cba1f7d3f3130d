import path from 'node:path';

/** The repository, so that a command means the same from whichever folder it is started. */
export const root = path.resolve(import.meta.dirname, '../../..');

/** Where the test sets lie: `--data`, else `PELLUCID_DATA`, else beside the checkout. */
export function dataFolder(given?: string): string {
  return given === undefined
    ? path.resolve(root, process.env.PELLUCID_DATA ?? '../shared/data')
    : path.resolve(given);
}

/** Where networks of others lie, whose weights cannot be released here: `PELLUCID_TEACHERS`, else beside the checkout. */
export function teachersFolder(): string {
  return path.resolve(root, process.env.PELLUCID_TEACHERS ?? '../shared/teachers');
}
