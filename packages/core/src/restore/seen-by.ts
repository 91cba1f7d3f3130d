import { deconvolve } from '../deconvolution/deconvolve.ts';
import type { Model } from '../model/model.ts';
import type { Raster } from '../raster.ts';
import type { Interruptions } from './pauses.ts';

/** The images of a photograph that a model sees side by side: what the step before it made of it, if any, then itself. */
export async function seenBy(
  { before }: Pick<Model, 'before'>,
  photograph: Raster,
  interruptions: Interruptions = {},
): Promise<Raster[]> {
  return before ? [await deconvolve(photograph, interruptions), photograph] : [photograph];
}
