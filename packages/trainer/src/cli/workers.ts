import { PellucidError } from '@pellucid/core';
import { physicalCores } from '../engine/cores.ts';
import type { EngineName } from '../engine/index.ts';

/**
 * How many threads share the work: unless asked, one for each core. TensorFlow and GPUs keep all there is busy from one.
 *
 * @param usual how many to take at most unless asked
 * @param most how many there is work for
 * @throws PellucidError `cli/usage`
 */
export function chooseWorkers(
  asked: string | undefined,
  engine: EngineName,
  { usual = Infinity, most = Infinity }: { usual?: number; most?: number },
): number {
  const single = engine !== 'wasm' && engine !== 'cpu';
  if (asked === undefined) return single ? 1 : Math.min(physicalCores(), usual, most);
  const workers = Number(asked);
  if (!Number.isInteger(workers) || workers < 1 || workers > most)
    throw new PellucidError(
      'cli/usage',
      `--workers must be a whole number from 1${most < Infinity ? ` to ${most}` : ''}, not "${asked}".`,
    );
  if (single && workers > 1)
    throw new PellucidError(
      'cli/usage',
      `--workers is for the engines wasm and cpu: ${engine} uses all of its hardware from one worker.`,
    );
  return workers;
}
