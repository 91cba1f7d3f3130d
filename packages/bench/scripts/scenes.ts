/** Pictures that are drawn from seeds, spoilt and restored: anyone's to show. */
import path from 'node:path';
import {
  createDegradation,
  DegradationSettings,
  Random,
  type Raster,
  Restorer,
  resizeBicubic,
} from '@pellucid/core';
import { jpegCodec, loadModel, proceduralPhotograph } from '@pellucid/trainer';
import sharp from 'sharp';
import { toBytes } from '../src/datasets/raster.ts';
import { root } from '../src/folders.ts';

/** Pixels of a drawing, and between the pictures of a file. */
const SIDE = 320;
const GAP = 4;

/** Each student, and what it mends. */
export const students: Record<string, object> = {
  'denoise/small': { kind: 'gaussian-noise', sigma: 40 },
  'derain/small': { kind: 'rain', layers: 3, coverage: 0.3 },
  'derain/large': { kind: 'rain', layers: 3, coverage: 0.3 },
  'deblur/small': { kind: 'motion-blur', travel: 12, sigma: 1 },
  'jpeg/small': { kind: 'jpeg', quality: 8 },
  'jpeg/large': { kind: 'jpeg', quality: 8 },
  'sr2/small': { kind: 'bicubic-downscale', scale: 2 },
  'sr2/upload': { kind: 'bicubic-downscale', scale: 2, afterwards: { kind: 'jpeg', quality: 60 } },
  'sr2/tiny': { kind: 'bicubic-downscale', scale: 2 },
  'sr4/small': { kind: 'bicubic-downscale', scale: 4 },
  'sr4/upload': { kind: 'bicubic-downscale', scale: 4, afterwards: { kind: 'jpeg', quality: 60 } },
  'sr4/large': { kind: 'bicubic-downscale', scale: 4 },
};

/** A drawing as it was, as it came, enlarged by bicubic where it is small, and as the student gives it back. */
export interface Scene {
  clean: Raster;
  spoilt: Raster;
  restored: Raster;
}

/** Spoils drawings, by their seeds, and has a student restore them. */
export async function restoreDrawings(student: string, drawings: readonly string[]): Promise<Scene[]> {
  const restorer = new Restorer(await loadModel(path.join(root, 'models', student)));
  const degradation = createDegradation(DegradationSettings.parse(students[student]), jpegCodec);
  const { scale = 1 } = degradation;
  const scenes: Scene[] = [];
  for (const drawing of drawings) {
    const clean = proceduralPhotograph(SIDE, new Random(drawing));
    const light = Float32Array.from(clean.data, (value) => value / 255);
    const data = await degradation.apply(light, SIDE, SIDE, new Random(`${student} ${drawing}`));
    const input = { data, width: SIDE / scale, height: SIDE / scale, channels: 3 as const };
    const restored = await restorer.restore(input);
    const spoilt = scale > 1 ? resizeBicubic(input, scale) : input;
    scenes.push({ clean, spoilt: toBytes(spoilt), restored: toBytes(restored) });
  }
  restorer.dispose();
  return scenes;
}

/** The same square of pictures, `side` pixels from a corner on, enlarged to `tile` pixels. */
export function parts(
  pictures: readonly Raster[],
  { left, top, side, tile }: { left: number; top: number; side: number; tile: number },
): Promise<Buffer[]> {
  return Promise.all(
    pictures.map(({ data, width, height }) =>
      sharp(data as Uint8Array, { raw: { width, height, channels: 3 } })
        .extract({ left, top, width: side, height: side })
        .resize(tile, tile, { kernel: 'nearest' })
        .png()
        .toBuffer(),
    ),
  );
}

/** Writes rows of pictures of `tile` pixels as one. */
export async function writePicture(
  rows: readonly (readonly Buffer[])[],
  tile: number,
  file: string,
): Promise<void> {
  const at = (index: number) => index * (tile + GAP);
  const tiles = rows.flatMap((row, y) => row.map((input, x) => ({ input, left: at(x), top: at(y) })));
  const [width, height] = [at(rows[0]!.length) - GAP, at(rows.length) - GAP];
  const picture = sharp({ create: { width, height, channels: 3, background: '#fff' } }).composite(tiles);
  await picture.webp({ quality: 80 }).toFile(file);
}
