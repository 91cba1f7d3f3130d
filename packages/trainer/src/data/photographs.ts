import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError, type Raster, resizeBicubic } from '@pellucid/core';
import sharp from 'sharp';
import { imageEndings, isImageFile } from '../image-file.ts';
import { type FoundPairs, type PairLayoutName, pairFiles, pairLayouts } from './pair-layouts.ts';

/** A clean photograph in memory: 8-bit RGB. */
export interface Photograph extends Raster {
  /** Its path within the folder, with forward slashes. */
  name: string;
  channels: 3;
  /** One array for all that are degraded versions of one clean photograph. */
  data: Uint8Array;
  /**
   * The same scene as a camera recorded it with its degradation, where the photograph is half of such a pair: RGB, or six
   * channels, of which the first three are what deconvolution made of it.
   */
  degraded?: Uint8Array;
}

/** Of one photograph. */
type Files = Partial<FoundPairs['pairs'][number]> & { clean: string };

type Decoded = Omit<Photograph, 'name' | 'degraded'>;

/** A file that could not be used, and why. */
export interface Skipped {
  name: string;
  reason: string;
}

export interface PhotographOptions {
  /** Photographs narrower or lower than this are skipped: the side of a patch. */
  smallest: number;
  /**
   * Files and folders to leave out, such as those a benchmark measures on. A pattern, in which `*` stands for any
   * characters but a slash, matches a path within the folder or the last part of one, with or without its ending:
   * `100075`, `test/*`, `*.draft.png`.
   */
  exclude?: readonly string[];
  /** Which files are pairs of one scene, degraded and clean; without it every file is a clean photograph. */
  pairs?: PairLayoutName | undefined;
  /** Most bytes of decoded photographs; 2 GiB unless given. */
  budget?: number;
}

/**
 * Reads every photograph in a folder and the folders in it, following links, in the order of their names.
 *
 * What a file's pixels become: turned upright, converted to sRGB, laid on white where transparent, grey widened to
 * RGB, 16 bits reduced to 8. Files that cannot be decoded or are too small are skipped and reported.
 * @throws PellucidError `data/no-folder`, `data/no-photographs` when nothing is left to train on, or `data/too-large`.
 */
export async function loadPhotographs(
  folder: string,
  { smallest, exclude = [], pairs, budget = 2 * 2 ** 30 }: PhotographOptions,
): Promise<{ photographs: Photograph[]; skipped: Skipped[] }> {
  const photographs: Photograph[] = [];
  const skipped: Skipped[] = [];
  let bytes = 0;
  const names = await listPhotographs(folder, exclude);
  const found = pairs && pairFiles(names, pairLayouts[pairs]);
  for (const { file, reason } of found?.unpaired ?? []) skipped.push({ name: file, reason });
  const wanted: Files[] = found?.pairs ?? names.map((clean) => ({ clean }));
  const originals = new Map<string, Decoded | string>();
  for (const files of wanted) {
    const { clean } = files;
    const known = originals.has(clean);
    if (!known) originals.set(clean, await decode(path.join(folder, clean)));
    const photograph = await complete(folder, files, originals.get(clean)!);
    if ('reason' in photograph) {
      skipped.push(photograph);
    } else if (photograph.width < smallest || photograph.height < smallest) {
      const reason = `${photograph.width}x${photograph.height} is smaller than ${smallest}x${smallest}`;
      skipped.push({ name: photograph.name, reason });
    } else {
      bytes += (known ? 0 : photograph.data.length) + (photograph.degraded?.length ?? 0);
      if (bytes > budget) throw tooLarge(folder, budget);
      photographs.push(photograph);
    }
  }
  if (photographs.length === 0) throw noPhotographs(folder, skipped, pairs);
  return { photographs, skipped };
}

/** The photographs, and each of them reduced by each of `factors` (0..1), where it stays at least `smallest` pixels a side. */
export function withReduced(
  photographs: readonly Photograph[],
  factors: readonly number[],
  smallest: number,
): Photograph[] {
  const reduced = factors.flatMap((factor) =>
    photographs
      .filter(({ width, height }) => factor * Math.min(width, height) >= smallest)
      .map((photograph) => ({ ...(resizeBicubic(photograph, factor) as Photograph), name: photograph.name })),
  );
  return [...photographs, ...reduced];
}

/** A photograph, with its degraded half where it has one; a pair goes by the degraded file's name. */
async function complete(
  folder: string,
  { clean, degraded, deconvolved }: Files,
  decoded: Decoded | string,
): Promise<Photograph | Skipped> {
  if (typeof decoded === 'string') return { name: clean, reason: decoded };
  if (degraded === undefined) return { name: clean, ...decoded };
  const size = ({ width, height }: Decoded) => `${width}x${height}`;
  const images: Uint8Array[] = [];
  for (const name of deconvolved ? [deconvolved, degraded] : [degraded]) {
    const recorded = await decode(path.join(folder, name));
    if (typeof recorded === 'string') return { name, reason: recorded };
    if (size(recorded) !== size(decoded))
      return { name, reason: `it is ${size(recorded)}, and its clean half ${clean} is ${size(decoded)}` };
    images.push(recorded.data);
  }
  return { name: degraded, ...decoded, degraded: sideBySide(images) };
}

/** The channels of several RGB images, pixel by pixel. */
function sideBySide(images: readonly Uint8Array[]): Uint8Array {
  if (images.length === 1) return images[0]!;
  const together = new Uint8Array(images.length * images[0]!.length);
  for (const [index, image] of images.entries())
    for (let i = 0, to = 3 * index; i < image.length; to += 3 * (images.length - 1))
      for (let channel = 0; channel < 3; channel++) together[to++] = image[i++]!;
  return together;
}

/** Paths of the photographs below a folder, sorted by code unit so that the order is the same on every machine. */
async function listPhotographs(folder: string, exclude: readonly string[]): Promise<string[]> {
  const patterns = exclude.map(matcher);
  const names: string[] = [];
  // A link may lead back to a folder above it: each folder is entered once, under the name that sorts first.
  const entered = new Set<string>();

  async function enter(inside: string): Promise<void> {
    const directory = path.join(folder, inside);
    const real = await realpath(directory).catch((cause) => Promise.reject(noFolder(directory, cause)));
    if (entered.has(real)) return;
    entered.add(real);
    const entries = await readdir(real).catch((cause) => Promise.reject(noFolder(directory, cause)));
    for (const entry of entries.sort()) {
      const name = inside === '' ? entry : `${inside}/${entry}`;
      if (patterns.some((matches) => matches(name))) continue;
      // Nothing is found behind a broken link, which is then reported as a file that cannot be decoded.
      const found = await stat(path.join(folder, name)).catch(() => null);
      if (found?.isDirectory()) await enter(name);
      else if (isImageFile(name) && found?.isFile() !== false) names.push(name);
    }
  }

  await enter('');
  return names;
}

/** Whether a name, its last part, or either without its ending, fits an `exclude` pattern. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/\/$/, '')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*');
  const expression = new RegExp(`^(?:.*/)?${source}(?:\\.[^./]*)?$`);
  return (name) => expression.test(name);
}

/** The pixels of a photograph, or why there are none. */
async function decode(file: string): Promise<Decoded | string> {
  try {
    const { data, info } = await sharp(file)
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: 3, data: new Uint8Array(data) };
  } catch (error) {
    return `cannot be decoded (${(error as Error).message.split('\n')[0]})`;
  }
}

function noFolder(folder: string, cause: unknown): PellucidError {
  const message = `The folder of photographs ${folder} cannot be read; check its path and permissions.`;
  return new PellucidError('data/no-folder', message, { cause });
}

function tooLarge(folder: string, budget: number): PellucidError {
  return new PellucidError(
    'data/too-large',
    `The photographs in ${folder} take more than ${(budget / 2 ** 30).toFixed(1)} GiB once decoded; ` +
      'use fewer or smaller ones, or leave some out with `exclude`.',
  );
}

function noPhotographs(folder: string, skipped: readonly Skipped[], pairs?: PairLayoutName): PellucidError {
  const reasons = skipped.slice(0, 5).map(({ name, reason }) => `\n  ${name}: ${reason}`);
  const wanted = pairs
    ? `no pair of ${pairs}: its files are named like ${pairLayouts[pairs].degraded.source} and ${pairLayouts[pairs].clean.source}.`
    : `no photograph to train on; put some there (${imageEndings.join(', ')}).`;
  return new PellucidError('data/no-photographs', `The folder ${folder} holds ${wanted}${reasons.join('')}`);
}
