import { PellucidError, Random } from '@pellucid/core';
import { loadPhotographs, type Photograph, type PhotographOptions, type Skipped } from './photographs.ts';
import { proceduralPhotograph } from './procedural.ts';

export { DrawingThreads } from './drawing.ts';
export { jpegCodec } from './jpeg-codec.ts';
export { type PairLayoutName, pairLayouts } from './pair-layouts.ts';
export { degradedShape, holdOut, type Pairs, PatchSampler, validationPairs } from './patches.ts';
export { type Photograph, type Skipped, withReduced } from './photographs.ts';

/** Where photographs come from: a folder, pictures drawn from a seed, or both together. */
export interface PhotographSource {
  folder?: string;
  /** `count` pictures of `size` pixels a side. */
  procedural?: { count: number; size: number; seed: number | string };
}

/**
 * The photographs of a source, first those of the folder, and the files that had to be skipped.
 * @throws PellucidError as `loadPhotographs` does, and `data/no-source` when the source names nothing.
 */
export async function openPhotographs(
  { folder, procedural }: PhotographSource,
  options: PhotographOptions,
): Promise<{ photographs: Photograph[]; skipped: Skipped[] }> {
  if (folder === undefined && procedural === undefined) {
    throw new PellucidError(
      'data/no-source',
      'No photographs to train on; name a folder or ask for procedural ones.',
    );
  }
  const loaded =
    folder === undefined ? { photographs: [], skipped: [] } : await loadPhotographs(folder, options);
  const drawn = procedural === undefined ? [] : drawPhotographs(procedural);
  return { photographs: [...loaded.photographs, ...drawn], skipped: loaded.skipped };
}

function drawPhotographs({ count, size, seed }: Required<PhotographSource>['procedural']): Photograph[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const name = `procedural-${i}`;
    return { name, ...proceduralPhotograph(size, random.fork(name)) };
  });
}
