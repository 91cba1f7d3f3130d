import { type Raster, type RestoreOptions, type Restorer, resizeBicubic, studentFor } from '@pellucid/core';
import type { Config } from './config.ts';
import { bleed } from './image/bleed.ts';
import { decode } from './image/decode.ts';
import { encode } from './image/encode.ts';
import type { ImageFormat, ImageHeader } from './image/header.ts';
import { admitWork } from './image/limits.ts';
import { blend, removeColour, toBytes } from './image/picture.ts';
import { TASKS, type Task } from './models.ts';
import { problem } from './problem.ts';

/** What the service needs of a restorer. */
export type Served = Pick<Restorer, 'restore' | 'tiles' | 'macs' | 'enlargement'> & {
  model: { name: string };
};

/**
 * Finds what an upright image, and the file that it came in, suffers from: the task that mends it, or null. Alpha, where there
 * is any, is to be ignored.
 */
export type Detect = (
  image: Raster,
  file: Uint8Array,
) => { task: string | null } | Promise<{ task: string | null }>;

/** What a restoration is made with. */
export interface Studio {
  /** The restorer for a task; it may be used until the next one is asked for. */
  restorerFor(task: Task): Promise<Served>;
  /** Serves the task `auto`, which is not offered without it. */
  detect?: Detect;
}

export interface Order {
  /** As it was asked for: of a task with a student for uploads, the file decides which it is (`studentFor`). */
  task: Task | 'auto';
  /** How much of the restored image is in the answer: 0 is the image as it came, 1 the restored one alone. */
  strength: number;
  /** Of JPEG and WebP, 1 to 100. */
  quality: number;
  format: ImageFormat;
}

/** A file as it was sent, admitted by its header. It is let go of on the way: it cannot be used again. */
export interface Sent {
  bytes: Uint8Array<ArrayBuffer>;
  header: ImageHeader;
}

export interface Restoration {
  file: Uint8Array<ArrayBuffer>;
  /** What was done; null when there was nothing to mend. */
  task: Task | null;
  model: string | null;
  tiles: number;
  width: number;
  height: number;
}

/** Runs a phase of the work and may time it. */
export type Phase = <T>(name: 'decode' | 'restore' | 'encode', run: () => Promise<T>) => Promise<T>;

/** What a restoration goes on under. */
export interface Circumstances {
  limits: Config;
  signal?: AbortSignal;
  /** Whether others are being turned away, who should hear so at once. */
  crowded?: () => boolean;
  phase?: Phase;
}

const NOTHING = new Uint8Array(0);

const untimed: Phase = (_, run) => run();

/**
 * Turns an admitted file into the restored one. To be run by one at a time.
 *
 * With `auto`, an image that suffers from nothing that a bundled model mends comes back as the very bytes that came in,
 * if the same format is asked for and there is no metadata to drop; otherwise its pixels are encoded as they are.
 *
 * @throws image-too-large, image-corrupt, or what the signal aborts with
 */
export async function restoration(
  sent: Sent,
  order: Order,
  studio: Studio,
  { limits, signal, crowded, phase = untimed }: Circumstances,
): Promise<Restoration> {
  const { header } = sent;
  const student = studentFor(order.task, sent.bytes, TASKS);
  const named = student === 'auto' ? undefined : await studio.restorerFor(student);
  if (named) admitWork(header, named, limits);
  const picture = await phase('decode', () => decode(sent.bytes, header));
  signal?.throwIfAborted();

  const task = named ? student : await detected(picture, sent.bytes, studio.detect!);
  const restorer = named ?? (task === null ? undefined : await studio.restorerFor(task));
  const options = { quality: order.quality, subsampled: header.subsampled };
  if (!restorer) {
    const untouched = order.format === header.format && !header.extras && header.orientation === 1;
    const file = untouched ? sent.bytes : await phase('encode', () => encode(picture, order.format, options));
    const { width, height } = picture;
    return { file, task: null, model: null, tiles: 0, width, height };
  }
  if (!named) admitWork(picture, restorer, limits);

  const tiles = restorer.tiles(picture.width, picture.height);
  let restored = await phase('restore', () => mend(picture, restorer, order.strength, { signal, crowded }));
  if (picture.grey) removeColour(restored);
  // Neither is needed to encode, which is when memory is shortest.
  sent.bytes = NOTHING;
  delete header.profile;
  picture.data = NOTHING;
  if (order.format !== 'png') restored = toBytes(restored);
  const { width, height } = restored;
  const file = await phase('encode', () => encode({ ...picture, ...restored }, order.format, options));
  return { file, task, model: restorer.model.name, tiles, width, height };
}

async function detected(raster: Raster, file: Uint8Array, detect: Detect): Promise<Task | null> {
  const { task } = await detect(raster, file);
  return task !== null && TASKS.includes(task) ? task : null;
}

async function mend(
  raster: Raster,
  restorer: Served,
  strength: number,
  options: Pick<RestoreOptions, 'signal' | 'crowded'>,
): Promise<Raster> {
  bleed(raster);
  const restored = await restorer.restore(raster, options);
  if (strength < 1) {
    const { enlargement } = restorer;
    blend(restored, enlargement === 1 ? raster : resizeBicubic(raster, enlargement), strength);
  }
  return restored;
}

/**
 * Runs work with a signal that aborts when the client hangs up or the time is over.
 *
 * Clocks of Cloudflare's network stand still while code runs and go on when it waits, which it does between tiles: so
 * the time is looked at there, and a restoration ends at most one tile late.
 *
 * @throws client-gone, deadline-exceeded
 */
export async function withDeadline<T>(
  seconds: number,
  client: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    const detail = `Send a smaller image, or ask again after the time in Retry-After: restoring took more than ${seconds} seconds.`;
    late.abort(problem('deadline-exceeded', detail));
  }, seconds * 1000);
  try {
    return await work(client ? AbortSignal.any([client, late.signal]) : late.signal);
  } catch (error) {
    if (client?.aborted) throw problem('client-gone', 'Stay connected until the answer comes.', error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
