import type { Model } from '../model/model.ts';
import { enlargement, type Graph } from '../network/graph.ts';
import type { Raster } from '../raster.ts';
import type { RestoreOptions, Restorer } from './restorer.ts';
import { haloOf, type Segment, segments, windows } from './tiles.ts';

/** Whatever restores photographs by a model: a `Restorer`, or what stands for one in another thread. */
export type Restoring = Pick<Restorer, 'restore'>;

/**
 * Several that restore by the same model, as one: each takes a band of a photograph's rows, and beside it the rows that
 * the network sees from there, so that the result is the same as by one of them. In threads, they keep as many cores
 * busy. The first does it alone where the network looks at the whole photograph, where the model has a step before it
 * (`Model.before`), and where a photograph is so low that bands would mostly be seen twice.
 *
 * As with a `Restorer`, a call rejects with the signal's reason when aborted; where one of them fails, the others are
 * stopped, and it rejects with what that one did.
 */
export function inBands(
  { graph, before }: Pick<Model, 'graph' | 'before'>,
  restorers: readonly Restoring[],
): Restoring {
  return {
    restore(photograph, options = {}) {
      const bands = before ? [] : bandsOf(graph, photograph.height, restorers.length);
      if (bands.length < 2) return restorers[0]!.restore(photograph, options);
      return restoreBands(photograph, bands, enlargement(graph), restorers, options);
    },
  };
}

/** What one restorer does in about the time that another thread takes to start, in pixels. */
const PIXELS_A_RESTORER = 2e6;

/** How many restorers in threads of their own a photograph is worth starting, at least one. */
export function restorersWorth({ width, height }: Pick<Raster, 'width' | 'height'>): number {
  return Math.max(1, Math.floor((width * height) / PIXELS_A_RESTORER));
}

/** As many bands as there are hands for, each at least as high as what is seen around it; one where there are none such. */
function bandsOf(graph: Graph, height: number, most: number): Segment[] {
  const halo = haloOf(graph);
  const high = Math.ceil(height / graph.alignment) * graph.alignment;
  const worthwhile = windows(high, halo, graph.alignment).findLast(
    ({ count, window }) => count <= most && window >= 2 * (halo.before + halo.after),
  );
  return segments(high, worthwhile?.window ?? high, halo);
}

async function restoreBands(
  photograph: Raster,
  bands: readonly Segment[],
  factor: number,
  restorers: readonly Restoring[],
  { signal, onProgress, ...options }: RestoreOptions,
): Promise<Raster> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const done = bands.map(() => 0);
  const work = bands.map(async ({ from, length }, index) => {
    try {
      return await restorers[index]!.restore(rowsOf(photograph, from, from + length), {
        ...options,
        signal: stop,
        onProgress: (tile, tiles) => {
          done[index] = tile;
          // All bands are of one height, or nearly, so they have as many tiles.
          onProgress?.(
            done.reduce((sum, each) => sum + each),
            tiles * bands.length,
          );
        },
      });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  // Nobody is left at work.
  await Promise.allSettled(work);
  return joined(photograph, bands, factor, await Promise.all(work));
}

/** Rows of a raster in memory of their own, which can be handed to another thread; none beyond its end. */
function rowsOf({ width, height, channels, data }: Raster, from: number, end: number): Raster {
  const last = Math.min(end, height);
  const row = width * channels;
  return { width, height: last - from, channels, data: data.slice(from * row, last * row) };
}

/** What is kept of each restored band, under one another. */
function joined(
  photograph: Raster,
  bands: readonly Segment[],
  factor: number,
  restored: readonly Raster[],
): Raster {
  const { channels } = photograph;
  const [width, height] = [photograph.width * factor, photograph.height * factor];
  const row = width * channels;
  const first = restored[0]!.data;
  const data = new (first.constructor as new (length: number) => Raster['data'])(row * height);
  for (const [index, { from, keepFrom, keepLength }] of bands.entries()) {
    const [start, end] = [keepFrom - from, keepFrom - from + keepLength].map(
      (position) => position * factor * row,
    );
    data.set(restored[index]!.data.subarray(start, end), keepFrom * factor * row);
  }
  return { width, height, channels, data };
}
