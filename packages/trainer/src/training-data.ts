import { createDegradation, PellucidError, type Random } from '@pellucid/core';
import {
  DrawingThreads,
  holdOut,
  jpegCodec,
  openPhotographs,
  type Pairs,
  PatchSampler,
  type Skipped,
  validationPairs,
  withReduced,
} from './data/index.ts';
import type { Recipe } from './recipe.ts';

export interface TrainingData {
  /** The patches of one step, which depend on nothing but the recipe and `random`. */
  batch(random: Random): Promise<Pairs>;
  /** Batches that are worth asking for before they are needed; none unless given. */
  ahead?: number;
  /** Images that training never sees. */
  validation: readonly Pairs[];
  /** One line for people. */
  description: string;
  skipped: readonly Skipped[];
  /** Ends the threads, if there are any. */
  close?(): Promise<void>;
}

/** Enough for a run of minutes to meet little twice, and drawn in seconds. */
const proceduralPictures = { count: 96, side: 256 };

/**
 * Opens the photographs of a recipe and sets some aside for validation.
 *
 * Which photographs there are, and which are set aside, does not depend on the recipe's seed: runs that differ by their
 * seed alone are validated on the same images.
 *
 * @param threads how many draw batches beside this one, which draws them itself unless there are any
 * @throws PellucidError `data/no-source`, and as `openPhotographs` and `holdOut` do
 */
export async function openTrainingData(
  { data, degradation }: Recipe,
  { threads = 0 } = {},
): Promise<TrainingData> {
  const { photographs: source, pairs, exclude, reduced, patch, batch, pool, validation } = data;
  if (pairs && source === 'procedural')
    throw new PellucidError(
      'data/no-source',
      'data.pairs says how recorded pairs lie in a folder: name the folder with --data or data.photographs.',
    );
  const size = Math.max(proceduralPictures.side, patch, validation.size);
  const count = proceduralPictures.count + validation.count;
  const { photographs, skipped } = await openPhotographs(
    source === 'procedural' ? { procedural: { count, size, seed: 'training' } } : { folder: source },
    { smallest: patch, exclude, pairs },
  );
  const held = holdOut(photographs, { ...validation, seed: 'validation' });
  const apply = degradation && createDegradation(degradation, jpegCodec);
  const training = withReduced(held.training, reduced, patch);
  const patches = { photographs: training, patch, batch, pool };
  const drawing =
    threads > 0
      ? new DrawingThreads({ ...patches, degradation }, threads)
      : new PatchSampler({ ...patches, degradation: apply });
  return {
    batch: (random) => drawing.draw(random),
    // Each thread draws one while another waits to be fetched; without threads, libjpeg's works on the next batch's images.
    ahead: threads > 0 ? 2 * threads : 1,
    close: async () => (drawing instanceof DrawingThreads ? drawing.close() : undefined),
    validation: await validationPairs({
      photographs: held.validation,
      size: validation.size,
      degradation: apply,
      seed: 'validation',
    }),
    description: `${held.training.length} photographs to train on and ${held.validation.length} to validate on (${source})`,
    skipped,
  };
}
