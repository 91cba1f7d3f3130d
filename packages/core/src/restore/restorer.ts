import * as tf from '@tensorflow/tfjs-core';
import { PellucidError } from '../errors.ts';
import { imagesSeen, type Model } from '../model/model.ts';
import { macsPerPixel, weightsOf } from '../network/cost.ts';
import type { WeightTensors } from '../network/forward.ts';
import { enlargement } from '../network/graph.ts';
import { inferInStrips, type Source } from '../network/infer.ts';
import type { Statistics } from '../network/receptive-field.ts';
import type { Raster } from '../raster.ts';
import { resizeBicubic } from '../resize/bicubic.ts';
import { type Interruptions, Pauses } from './pauses.ts';
import { readWindow, type Strip, writeWindow } from './pixels.ts';
import { seenBy } from './seen-by.ts';
import { planTiles, type TilePlan } from './tiles.ts';

export interface RestoreOptions extends Interruptions {
  /** How strong the noise is (sigma, 0..255), for a network that must be told. */
  noiseLevel?: number;
  /** Called after each tile with the tiles done and their number. */
  onProgress?: (done: number, total: number) => void;
}

const mebibyte = 2 ** 20;

/**
 * Restores photographs of any size with one model, on the TensorFlow.js backend that is current when it is made.
 *
 * Large photographs go through the network in tiles: strips of rows, each of which goes on where the one above ended,
 * and where those would be too wide or the network cannot, windows with a halo of its receptive field. The result is the
 * same as if the whole photograph had gone through at once. Deconvolution, where the model wants it, comes before, in
 * tiles of its own, which differ by less than 0.005 of light where they meet.
 */
export class Restorer {
  readonly model: Model;
  readonly #memory: number;
  readonly #statistics: Statistics;
  readonly #weights: WeightTensors;
  /** The last one: a photograph's is asked for several times. */
  #planned?: { size: string; plan: TilePlan };

  /**
   * @param options.memory bytes that the feature maps of one tile may take (default 64 MiB); the tiles' size follows
   * @param options.statistics where a network that looks at the whole photograph takes its statistics from: from the
   *   `whole` (default), which then must fit in one tile, or from each `tile`, an approximation
   * @throws PellucidError `restore/several-images` for a model that merges images of others
   */
  constructor(model: Model, options: { memory?: number; statistics?: Statistics } = {}) {
    const { name, graph, before, merges } = model;
    const [wanted, given] = [graph.nodes[0]!.channels / 3, imagesSeen(before)];
    if (wanted !== given)
      throw new PellucidError(
        'restore/several-images',
        `${name} does not restore a photograph: its network sees ${wanted} images side by side${merges ? `, those of ${merges.join(', ')}` : ''}, not ${given}. Take a student that was taught with it.`,
      );
    this.model = model;
    this.#memory = options.memory ?? 64 * mebibyte;
    this.#statistics = options.statistics ?? 'whole';
    this.#weights = Object.fromEntries(
      weightsOf(model.graph).map(({ name, shape }) => [name, tf.tensor(model.weights.get(name)!, shape)]),
    );
  }

  /** Frees the weights. The restorer cannot be used afterwards. */
  dispose(): void {
    tf.dispose(this.#weights);
  }

  /** Pixels of the result for each of the photograph, along a side. */
  get enlargement(): number {
    return enlargement(this.model.graph);
  }

  /** How many tiles a photograph of this size takes. */
  tiles(width: number, height: number): number {
    return tilesOf(this.#plan(width, height));
  }

  /** How many multiply-accumulates a photograph of this size takes, the tiles' halos included. */
  macs(width: number, height: number): number {
    const { rows, columns } = this.#plan(width, height);
    const tile = rows[0]!.length * columns[0]!.length;
    return macsPerPixel(this.model.graph) * tile * rows.length * columns.length;
  }

  /**
   * Restores a photograph; alpha is carried over. The result has the input's array type, its values rounded and clamped
   * to the type's range, and the input's size, or, in super-resolution, that size enlarged. The input is not changed.
   *
   * Pauses within large tiles and between tiles. Rejects with the signal's reason when aborted, and with a PellucidError `restore/bad-raster` when the array does
   * not fit the size, `restore/memory-too-small` or `restore/needs-whole-photograph` when no tile fits the memory,
   * `network/needs-noise-level` when the network must be told. No tensor outlives the call, however it ends.
   */
  async restore(image: Raster, options: RestoreOptions = {}): Promise<Raster> {
    const { onProgress } = options;
    const { width, height, channels, data } = image;
    if (!(width >= 1 && height >= 1) || data.length !== width * height * channels)
      throw new PellucidError(
        'restore/bad-raster',
        `A ${width} x ${height} raster of ${channels} channels does not have ${data.length} values.`,
      );
    const seen = await seenBy(this.model, image, options);
    const plan = this.#plan(width, height);
    const output = enlarge(image, this.enlargement);
    const total = tilesOf(plan);
    let done = 0;
    const tell = () => onProgress?.(++done, total);
    for (const row of plan.rows) {
      for (const column of plan.columns) {
        const read = (from: number, end: number) => {
          if (from > 0) tell();
          const strip = { from: row.from + from, length: end - from };
          const shape = [1, strip.length, column.length, 3 * seen.length] as [number, number, number, number];
          return tf.tensor4d(readWindow(seen, strip, column), shape);
        };
        const source = { height: row.length, strip: plan.strip, read };
        for await (const strip of this.#run(source, options))
          writeWindow(output, strip, row, column, this.enlargement);
        tell();
      }
    }
    return output;
  }

  /** Gives the rows that the network makes of a source, from the top down, with pauses between. */
  async *#run(source: Source, { noiseLevel, ...interruptions }: RestoreOptions): AsyncGenerator<Strip> {
    const pauses = new Pauses(interruptions);
    for (const progress of inferInStrips(this.model.graph, this.#weights, source, { noiseLevel })) {
      if (progress.output) {
        yield await download(progress.output);
        pauses.soon();
      } else await pauses.after(progress.macs);
    }
  }

  #plan(width: number, height: number): TilePlan {
    const size = `${width} x ${height}`;
    if (this.#planned?.size !== size) {
      const plan = planTiles(this.model.graph, width, height, this.#memory, this.#statistics);
      this.#planned = { size, plan };
    }
    return this.#planned.plan;
  }
}

/** How many strips the network takes of all windows of a photograph. */
function tilesOf({ rows, columns, strip }: TilePlan): number {
  return rows.length * columns.length * Math.ceil(rows[0]!.length / strip);
}

/** Takes rows off the engine, and frees them there. */
async function download({ from, rows }: { from: number; rows: tf.Tensor4D }): Promise<Strip> {
  try {
    return { from, length: rows.shape[1], pixels: (await rows.data()) as Float32Array };
  } finally {
    rows.dispose();
  }
}

/**
 * Where the result goes: a raster of the photograph's array type, enlarged. Its colours are written by the tiles; its
 * alpha is the photograph's, enlarged by bicubic interpolation.
 */
function enlarge(image: Raster, factor: number): Raster {
  const { width, height, channels, data } = image;
  if (factor === 1) return { ...image, data: data.slice() };
  if (channels === 4) return resizeBicubic(image, factor);
  const size = width * factor * height * factor * channels;
  return {
    width: width * factor,
    height: height * factor,
    channels,
    data: new (data.constructor as new (length: number) => Raster['data'])(size),
  };
}
