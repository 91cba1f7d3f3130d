import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError, type Raster } from '@pellucid/core';
import sharp from 'sharp';
import { imageEndings, isImageFile } from '../image-file.ts';

/** A clean photograph in memory: 8-bit RGB. */
export interface Photograph extends Raster {
  /** Its path within the folder, with forward slashes. */
  name: string;
  channels: 3;
  data: Uint8Array;
}

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
  { smallest, exclude = [], budget = 2 * 2 ** 30 }: PhotographOptions,
): Promise<{ photographs: Photograph[]; skipped: Skipped[] }> {
  const photographs: Photograph[] = [];
  const skipped: Skipped[] = [];
  let bytes = 0;
  for (const name of await listPhotographs(folder, exclude)) {
    const decoded = await decode(path.join(folder, name));
    if (typeof decoded === 'string') {
      skipped.push({ name, reason: decoded });
    } else if (decoded.width < smallest || decoded.height < smallest) {
      const reason = `${decoded.width}x${decoded.height} is smaller than ${smallest}x${smallest}`;
      skipped.push({ name, reason });
    } else {
      bytes += decoded.data.length;
      if (bytes > budget) throw tooLarge(folder, budget);
      photographs.push({ name, ...decoded });
    }
  }
  if (photographs.length === 0) throw noPhotographs(folder, skipped);
  return { photographs, skipped };
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
async function decode(file: string): Promise<Omit<Photograph, 'name'> | string> {
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

function noPhotographs(folder: string, skipped: readonly Skipped[]): PellucidError {
  const reasons = skipped.slice(0, 5).map(({ name, reason }) => `\n  ${name}: ${reason}`);
  return new PellucidError(
    'data/no-photographs',
    `The folder ${folder} holds no photograph to train on; put some there (${imageEndings.join(', ')}).${reasons.join('')}`,
  );
}
