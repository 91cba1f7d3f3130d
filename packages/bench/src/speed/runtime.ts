import type { Job, Timing } from './stopwatch.ts';

/** A place where a model can be timed. */
export interface Runtime {
  /**
   * Starts afresh and times the model in the file.
   *
   * @returns the timing, what ran it with its version, and the milliseconds from nothing to the first restored picture
   * @throws PellucidError `bench/no-runtime` where this machine has none
   */
  time(file: string, job: Job): Promise<{ timing: Timing; version: string; coldStartMilliseconds: number }>;
}
