import { existsSync } from 'node:fs';
import path from 'node:path';
import { createDegradation, type DegradationSettings, PellucidError, Random } from '@pellucid/core';
import { jpegCodec, readImage } from '@pellucid/trainer';
import sharp from 'sharp';
import type { SampleFiles } from './files.ts';
import { type Condition, type Stored, shake } from './protocol.ts';
import { bicubic, cropToMultiple, type FloatRaster, toBytes, toFloat } from './raster.ts';

/** A degraded photograph and what it should have been, RGB in 0..1; `input` may go beyond, and be smaller. */
export interface Pair {
  input: FloatRaster;
  truth: FloatRaster;
}

/**
 * The pair that a condition makes of a clean photograph, or reads from beside it.
 *
 * Noise and shake depend on the seed and on the photograph's name alone: the same whichever others stand beside it, and
 * whatever format the file has.
 *
 * @throws PellucidError `bench/size-mismatch` naming the file, `image/unreadable`
 */
export async function degrade(
  truth: FloatRaster,
  files: SampleFiles,
  condition: Condition,
  folder: string,
): Promise<Pair> {
  const spoil = async (image: FloatRaster, settings: DegradationSettings, seed = 0): Promise<FloatRaster> => {
    const { width, height, data } = image;
    const random = new Random(seed).fork(files.id);
    const degradation = createDegradation(settings);
    return { ...image, data: await degradation.apply(data, width, height, random) };
  };
  switch (condition.kind) {
    case 'noise': {
      const { sigma, seed } = condition;
      return { truth, input: await spoil(truth, { kind: 'gaussian-noise', sigma }, seed) };
    }
    case 'shake':
      return { truth, input: await spoil(truth, { kind: 'motion-blur', ...shake }, condition.seed) };
    case 'jpeg':
      return { truth, input: await throughFile(truth, { format: 'jpeg', quality: condition.quality }) };
    case 'bicubic': {
      const { scale, stored } = condition;
      const cropped = cropToMultiple(truth, scale);
      const small = await reduced(cropped, files, scale, folder);
      return { truth: cropped, input: stored ? await throughFile(small, stored) : small };
    }
    case 'pairs':
      return { truth, input: await readInput(path.join(folder, files.degraded!), truth, files.clean) };
  }
}

/** What a file of a photograph gives back, its colours at half the resolution. */
async function throughFile(image: FloatRaster, { format, quality }: Stored): Promise<FloatRaster> {
  const { width, height, data } = toBytes(image);
  const stored =
    format === 'jpeg'
      ? await jpegCodec(data, width, height, { quality, subsampled: true })
      : await throughWebp(data, width, height, quality);
  return toFloat({ width, height, channels: 3, data: stored });
}

async function throughWebp(
  data: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Promise<Uint8Array> {
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality })
    .toBuffer();
  return sharp(file).raw().toBuffer();
}

/**
 * A photograph reduced as MATLAB's imresize does it. Where the set's own reduced files lie beside it, in
 * `Set5_LR_bicubic/X2/babyx2.png` as EDSR's authors named them, they are what is measured.
 */
async function reduced(
  truth: FloatRaster,
  { id }: SampleFiles,
  scale: number,
  folder: string,
): Promise<FloatRaster> {
  const size = { width: truth.width / scale, height: truth.height / scale };
  const file = path.join(`${folder}_LR_bicubic`, `X${scale}`, `${id}x${scale}.png`);
  if (folder !== '' && existsSync(file)) return readInput(file, size, `${id} reduced ${scale} times`);
  return bicubic(truth, 1 / scale);
}

async function readInput(
  file: string,
  { width, height }: { width: number; height: number },
  partner: string,
): Promise<FloatRaster> {
  const input = toFloat(await readImage(file));
  if (input.width !== width || input.height !== height)
    throw new PellucidError(
      'bench/size-mismatch',
      `${file} is ${input.width}x${input.height}, but ${partner} wants ${width}x${height}: the two are no pair.`,
    );
  return input;
}
