import { jpegQuality } from './jpeg-quality.ts';
import { webpQuantiser } from './webp-quantiser.ts';

/**
 * Above this quality of a JPEG the usual students are the better ones, as the curves of the two cross between 90 and 95
 * (models/sr2/upload/card.md). A WebP's quantiser is of libwebp's quality of 80 or less from this on; its curves cross between 75
 * and 90.
 */
const [MOST_QUALITY, LEAST_QUANTISER] = [90, 22];

/**
 * Chooses the student of a task by how the photograph was stored: where much was lost, the one for uploads (`sr2/upload`
 * of `sr2`), if there is one. That is a JPEG of quality 90 or less, or a WebP of 80 or less.
 *
 * @param file the bytes of the photograph's file
 * @param students the names that may be answered beside the task's own
 */
export function studentFor(task: string, file: Uint8Array, students: readonly string[]): string {
  const forUploads = `${task}/upload`;
  return students.includes(forUploads) && lostMuch(file) ? forUploads : task;
}

function lostMuch(file: Uint8Array): boolean {
  const quality = jpegQuality(file);
  if (quality !== undefined) return quality <= MOST_QUALITY;
  const quantiser = webpQuantiser(file);
  return quantiser !== undefined && quantiser >= LEAST_QUANTISER;
}
