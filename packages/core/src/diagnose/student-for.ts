import { jpegQuality } from './jpeg-quality.ts';

/** Above it the usual students are the better ones: the curves of the two cross between 90 and 95 (models/sr2/upload/card.md). */
const MOST_FOR_UPLOADS = 90;

/**
 * Chooses the student of a task by how the photograph was stored: for a JPEG of quality 90 or less, as its tables tell,
 * the one for uploads (`sr2/upload` of `sr2`), where there is one.
 *
 * @param file the bytes of the photograph's file
 * @param students the names that may be answered beside the task's own
 */
export function studentFor(task: string, file: Uint8Array, students: readonly string[]): string {
  const forUploads = `${task}/upload`;
  const quality = students.includes(forUploads) ? jpegQuality(file) : undefined;
  return quality !== undefined && quality <= MOST_FOR_UPLOADS ? forUploads : task;
}
