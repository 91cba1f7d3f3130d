import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';

/** The ending of a file that was being written when its process died. */
export const UNFINISHED = '.unfinished';

/**
 * Writes a file that is, whatever happens meanwhile, either the old one or the whole new one: the bytes go to a
 * file beside it, reach the disk, and then take its name. Makes the file's folder where there is none.
 *
 * @throws PellucidError `file/not-written`, for want of space or of permission
 */
export async function writeAtomically(file: string, bytes: Uint8Array | string): Promise<void> {
  const unfinished = `${file}${UNFINISHED}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(unfinished, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    await syncFolder(path.dirname(file));
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw new PellucidError(
      'file/not-written',
      `${file} cannot be written (${(cause as NodeJS.ErrnoException).code}). Make space for it, or write elsewhere.`,
      { cause },
    );
  }
}

/** A rename lasts through a power cut only once its folder has reached the disk. Windows cannot and need not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
