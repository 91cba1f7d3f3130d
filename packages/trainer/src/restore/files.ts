import { access, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError, type RestoreOptions } from '@pellucid/core';
import { writeAtomically } from '../atomic-file.ts';
import { imageEndings, isImageFile, readImage, sameFormat, writeImage } from '../image-file.ts';
import type { Remedies } from './remedies.ts';

/** A photograph and where its restored version goes. */
export interface Job {
  input: string;
  output: string;
}

/**
 * Lists what `IN OUT` on the command line means: one file to one file, one file into a folder, or a folder and all
 * below it into a folder of the same layout.
 *
 * @throws PellucidError `restore/no-input`, `restore/no-images`, `restore/unknown-format` or `restore/same-file`
 */
export async function planJobs(input: string, output: string): Promise<Job[]> {
  const found = await stat(input).catch((cause) => {
    throw new PellucidError('restore/no-input', `There is no file or folder at ${input}.`, { cause });
  });
  if (path.resolve(input) === path.resolve(output))
    throw new PellucidError(
      'restore/same-file',
      'The result would overwrite its source; give another place for it.',
    );
  if (found.isDirectory()) {
    const files = (await readdir(input, { recursive: true })).filter(isImageFile).sort();
    if (files.length === 0)
      throw new PellucidError(
        'restore/no-images',
        `${input} holds no photographs (${imageEndings.join(', ')}).`,
      );
    return files.map((file) => ({ input: path.join(input, file), output: path.join(output, file) }));
  }
  const intoFolder = await stat(output).then(
    (place) => place.isDirectory(),
    () => false,
  );
  const target = intoFolder ? path.join(output, path.basename(input)) : output;
  if (!isImageFile(target))
    throw new PellucidError(
      'restore/unknown-format',
      `${target} does not end in a format that can be written (${imageEndings.join(', ')}).`,
    );
  return [{ input, output: target }];
}

export interface JobReport {
  job: Job;
  /** `copied` where there was nothing to mend; `skipped` where the output was there already. */
  result: 'restored' | 'copied' | 'skipped' | PellucidError;
  /** What was found in it, where that had to be found out. */
  found?: string;
}

/** Does one job, and says meanwhile which share of it is done, 0..1. */
export type Hand = (job: Job, onProgress: (share: number) => void) => Promise<JobReport>;

/** How photographs are to be restored, whichever they are. */
export type FileOptions = Pick<RestoreOptions, 'noiseLevel'> & { overwrite: boolean };

/**
 * Does all jobs, each hand one at a time, the next one whenever it is free.
 *
 * @param onReport hears of each job when it is done
 * @param onProgress hears which share of all is done, 0..1
 * @throws what a hand throws, after the others have ended what they were at; they take nothing new
 */
export async function restoreFiles(
  jobs: readonly Job[],
  hands: readonly Hand[],
  onReport: (report: JobReport) => void,
  onProgress: (share: number) => void,
): Promise<void> {
  const waiting = [...jobs];
  const doing = new Map<Job, number>();
  let done = 0;
  const tell = () => onProgress([...doing.values()].reduce((sum, share) => sum + share, done) / jobs.length);
  const work = async (hand: Hand) => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const current = job;
      const report = await hand(current, (share) => {
        doing.set(current, share);
        tell();
      });
      doing.delete(current);
      done += 1;
      onReport(report);
    }
  };
  const ends = hands.map((hand) =>
    work(hand).catch((error) => {
      waiting.length = 0;
      throw error;
    }),
  );
  // Nobody is left in the middle of a file.
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/** A hand of this thread, which can be stopped. */
export function handOf(remedies: Remedies, options: FileOptions, signal: AbortSignal): Hand {
  return (job, onProgress) =>
    restoreFile(remedies, job, {
      ...options,
      signal,
      onProgress: (tile, tiles) => onProgress(tile / tiles),
    });
}

/**
 * Restores one photograph. An output that is already there is skipped, so that a run that was stopped goes on where it
 * was; what cannot be read or written is reported and does not stop the others. A photograph that needs nothing is
 * copied, byte for byte where the format stays.
 *
 * @throws what the signal aborts with
 */
export async function restoreFile(
  remedies: Remedies,
  job: Job,
  { overwrite, ...options }: FileOptions & RestoreOptions,
): Promise<JobReport> {
  options.signal?.throwIfAborted();
  const exists = await access(job.output).then(
    () => true,
    () => false,
  );
  if (exists && !overwrite) return { job, result: 'skipped' };
  try {
    const image = await readImage(job.input);
    const file = await readFile(job.input);
    const { restorer, found } = await remedies(image, file);
    if (restorer) await writeImage(job.output, await restorer.restore(image, options));
    else if (sameFormat(job.input, job.output)) await writeAtomically(job.output, file);
    else await writeImage(job.output, image);
    return { job, result: restorer ? 'restored' : 'copied', ...(found !== undefined && { found }) };
  } catch (error) {
    if (!(error instanceof PellucidError)) throw error;
    return { job, result: error };
  }
}
