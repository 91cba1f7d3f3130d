import { type Degradation, mirrored, PellucidError, Random } from '@pellucid/core';
import type { Photograph } from './photographs.ts';

/** Images of one size, clean and degraded, interleaved RGB of 0..1; the degraded ones may pass those limits. */
export interface Pairs {
  clean: Float32Array;
  /** Of six channels where a network sees a photograph twice: deconvolved, and as it was. */
  degraded: Float32Array;
  /** `[images, height, width, 3]` of the clean ones. */
  shape: [number, number, number, number];
  /** How many times smaller along each axis the degraded ones are; 1 unless given. */
  scale?: number;
  /** Sigma of each image's noise, 0..255, where that is what degrades it. */
  noiseLevels?: Float32Array;
}

/** `[images, height, width, channels]` of the degraded images. */
export function degradedShape({
  degraded,
  shape: [images, height, width],
  scale = 1,
}: Pairs): Pairs['shape'] {
  const [down, across] = [height / scale, width / scale];
  return [images, down, across, degraded.length / (images * down * across)];
}

export interface PatchSamplerOptions {
  /** None narrower or lower than a patch. */
  photographs: readonly Photograph[];
  /** Side of a clean patch in pixels. */
  patch: number;
  /** Patches in a batch. */
  batch: number;
  /** How many different patches there are; without end unless given. */
  pool?: number | undefined;
  /** What spoils the patches; photographs that were recorded in pairs need none. */
  degradation?: Degradation | undefined;
}

/**
 * Draws batches of training patches.
 *
 * A patch is equally likely to come from anywhere: photographs are chosen in proportion to their area, places within
 * them uniformly. Each is turned or mirrored in one of eight ways and then degraded on its own. The sampler keeps
 * nothing between batches; what it draws depends on the stream alone. With a pool, the stream only chooses which of its
 * patches are drawn, and each of them is always the same.
 */
export class PatchSampler {
  readonly #options: PatchSamplerOptions;
  /** Area of the photographs up to and including each. */
  readonly #areas: number[] = [];

  constructor(options: PatchSamplerOptions) {
    this.#options = options;
    let area = 0;
    for (const { width, height } of options.photographs) {
      area += width * height;
      this.#areas.push(area);
    }
  }

  async draw(random: Random): Promise<Pairs> {
    const { patch, batch, pool, degradation } = this.#options;
    const shape: Pairs['shape'] = [batch, patch, patch, 3];
    const values = patch * patch * 3;
    const clean = new Float32Array(batch * values);
    const noiseLevels = degradation?.noiseLevel && new Float32Array(batch);
    const spoilt: (Float32Array | Promise<Float32Array>)[] = [];
    for (let index = 0; index < batch; index++) {
      const stream = pool === undefined ? random : new Random('pool').fork(`patch ${random.integer(pool)}`);
      const cutting = this.#place(stream);
      clean.set(cut(cutting), index * values);
      if (noiseLevels) noiseLevels[index] = degradation!.noiseLevel!(stream);
      spoilt.push(degradation ? spoil(cutting, degradation, stream) : cutRecorded(cutting));
    }
    const images = await Promise.all(spoilt);
    const degraded = new Float32Array(batch * images[0]!.length);
    for (const [index, pixels] of images.entries()) degraded.set(pixels, index * pixels.length);
    return { clean, degraded, shape, ...scaleOf(degradation), ...(noiseLevels && { noiseLevels }) };
  }

  #place(random: Random): Cutting {
    const { photographs, patch } = this.#options;
    const place = random.uniform(0, this.#areas.at(-1)!);
    const photograph = photographs[this.#areas.findIndex((area) => place < area)]!;
    const left = random.integer(photograph.width - patch + 1);
    const top = random.integer(photograph.height - patch + 1);
    return { photograph, left, top, side: patch, orientation: random.integer(8) };
  }
}

/**
 * Sets photographs aside that training must not see, chosen by the seed among those at least `size` wide and high. Of
 * several degraded versions of one clean photograph one is held out, and training sees none of them.
 * @throws PellucidError `data/too-few` when there are not `count` such photographs and one more to train on.
 */
export function holdOut(
  photographs: readonly Photograph[],
  { count, size, seed }: { count: number; size: number; seed: number | string },
): { training: Photograph[]; validation: Photograph[] } {
  const candidates = photographs.filter(({ width, height }) => Math.min(width, height) >= size);
  const [all, large] = [photographs, candidates].map((some) => new Set(some.map(({ data }) => data)).size);
  if (large! < count || all! <= count) {
    throw new PellucidError(
      'data/too-few',
      `${count} photographs of at least ${size}x${size} are to be held out for validation, and one more is needed to ` +
        `train on; of the ${all} there are, ${large} are large enough. ` +
        'Add photographs, or validate on fewer or smaller ones.',
    );
  }
  const random = new Random(seed);
  const held = new Map<Photograph['data'], Photograph>();
  while (held.size < count) {
    const photograph = candidates[random.integer(candidates.length)]!;
    held.set(photograph.data, photograph);
  }
  return {
    training: photographs.filter(({ data }) => !held.has(data)),
    validation: photographs.filter((photograph) => held.get(photograph.data) === photograph),
  };
}

export interface ValidationOptions {
  /** None narrower or lower than `size`. */
  photographs: readonly Photograph[];
  /** Side of the square that is cut from the middle of each photograph. */
  size: number;
  degradation?: Degradation | undefined;
  seed: number | string;
}

/**
 * The images a run is validated on: the middle of each photograph, degraded from a stream of the photograph's name.
 * The same options give the same values, so that PSNR can be compared over a run and between runs.
 * @returns a pair for each photograph, of shape `[1, size, size, 3]`.
 */
export function validationPairs({
  photographs,
  size,
  degradation,
  seed,
}: ValidationOptions): Promise<Pairs[]> {
  const random = new Random(seed);
  const pairs = photographs.map(async (photograph): Promise<Pairs> => {
    const left = Math.floor((photograph.width - size) / 2);
    const top = Math.floor((photograph.height - size) / 2);
    const cutting = { photograph, left, top, side: size, orientation: 0 };
    const clean = cut(cutting);
    const stream = random.fork(photograph.name);
    const noiseLevel = degradation?.noiseLevel?.(stream);
    const degraded = await (degradation ? spoil(cutting, degradation, stream) : cutRecorded(cutting));
    const told = noiseLevel !== undefined && { noiseLevels: Float32Array.of(noiseLevel) };
    return { clean, degraded, shape: [1, size, size, 3], ...scaleOf(degradation), ...told };
  });
  return Promise.all(pairs);
}

/** Said only where the degraded images are smaller. */
function scaleOf(degradation: Degradation | undefined): Pick<Pairs, 'scale'> {
  const { scale = 1 } = degradation ?? {};
  return scale === 1 ? {} : { scale };
}

/** A square of a photograph in one of its eight orientations: bits 1 and 2 mirror it, bit 4 transposes it. */
interface Cutting {
  photograph: Photograph;
  left: number;
  top: number;
  side: number;
  orientation: number;
}

/** The same square of the degraded half of a recorded pair. */
function cutRecorded(cutting: Cutting): Float32Array {
  const { photograph } = cutting;
  return cut({ ...cutting, photograph: { ...photograph, data: photograph.degraded! } });
}

/** The same square degraded, together with so much around it as has a part in it. */
async function spoil(cutting: Cutting, degradation: Degradation, stream: Random): Promise<Float32Array> {
  const { reach = 0 } = degradation;
  const { photograph, left, top, side, orientation } = cutting;
  const wide = side + 2 * reach;
  const surroundings = { photograph, left: left - reach, top: top - reach, side: wide, orientation };
  const spoilt = await degradation.apply(cut(surroundings), wide, wide, stream);
  if (reach === 0) return spoilt;
  const middle = new Float32Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const start = ((y + reach) * wide + reach) * 3;
    middle.set(spoilt.subarray(start, start + side * 3), y * side * 3);
  }
  return middle;
}

/** Its values, 0..1; beyond the photograph's edges it is mirrored. */
function cut({ photograph: { data, width, height }, left, top, side, orientation }: Cutting): Float32Array {
  const channels = data.length / (width * height);
  const places = (start: number, size: number, backwards: number, step: number) =>
    Int32Array.from(
      { length: side },
      (_, i) => step * mirrored(start + (backwards ? side - 1 - i : i), size),
    );
  let columns = places(left, width, orientation & 1, channels);
  let rows = places(top, height, orientation & 2, channels * width);
  if (orientation & 4) [columns, rows] = [rows, columns];
  const pixels = new Float32Array(side * side * channels);
  for (let y = 0, to = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = rows[y]! + columns[x]!;
      for (let channel = 0; channel < channels; channel++) pixels[to++] = data[from + channel]! / 255;
    }
  return pixels;
}
