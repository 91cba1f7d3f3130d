/** The photographs that the diagnosis is fitted to and tested on: clean ones, and what each degradation makes of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  cameraNoise,
  type Degradation,
  type Finding,
  gaussianNoise,
  motionBlur,
  type Random,
  type Raster,
  rain,
  resizeBicubic,
} from '@pellucid/core';
import { isImageFile, jpegCodec, readImage } from '@pellucid/trainer';
import sharp from 'sharp';

export type Bytes = Raster & { data: Uint8Array };

/** Every photograph of a folder and the folders within it. */
export async function* photographs(folder: string): AsyncGenerator<{ file: string; image: Bytes }> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isImageFile).sort();
  for (const file of files) yield { file, image: (await readImage(join(folder, file))) as Bytes };
}

/** Scaled down, so that what its file was compressed by is gone, and cut to at most `most` pixels a side. */
export function shrunk(image: Bytes, factor: number, most: number): Bytes {
  const small = bytes(factor === 1 ? image : resizeBicubic(image, 1 / factor));
  return cropped(small, Math.min(most, small.width), Math.min(most, small.height));
}

/** Its middle. */
function cropped(image: Bytes, width: number, height: number): Bytes {
  return cut(image, (image.width - width) >> 1, (image.height - height) >> 1, width, height);
}

/** A square of it, from anywhere. */
export function piece(image: Bytes, side: number, random: Random): Bytes {
  const left = random.integer(image.width - side + 1);
  const top = random.integer(image.height - side + 1);
  return cut(image, left, top, side, side);
}

function cut({ width: whole, data }: Bytes, left: number, top: number, width: number, height: number): Bytes {
  const part = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * whole + left);
    part.set(data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { width, height, channels: 3, data: part };
}

/** One degraded photograph, and what was done to it. */
export interface Sample {
  image: Bytes;
  finding: Finding;
  /** What names its row in a table: the finding, and how strong or how. */
  kind: string;
  sigma?: number;
  quality?: number;
}

/** Noise of a camera below this deviation, 0..255, is not worth mending: such a photograph is no lesson. */
const FAINTEST = 3;

/** What is made of a clean photograph: as itself, hardly compressed, and under each degradation. Drawn from `random`. */
export async function* spoilt(image: Bytes, random: Random): AsyncGenerator<Sample> {
  yield { image, finding: 'none', kind: 'clean' };
  const fine = 90 + random.integer(9);
  yield { image: await compressed(image, fine), finding: 'none', kind: 'clean, JPEG from 90' };
  const soft = await sharp(image.data, { raw: raw(image) })
    .blur(random.uniform(0.4, 0.9))
    .raw()
    .toBuffer();
  const softened = { ...image, data: new Uint8Array(soft) };
  for (const [kind, clean] of [
    ['clean, soft', softened],
    ['clean, enlarged', enlarged(image, random)],
  ] as const) {
    yield { image: clean, finding: 'none', kind };
    const quality = 90 + random.integer(9);
    yield { image: await compressed(clean, quality), finding: 'none', kind: `${kind}, then JPEG from 90` };
  }
  for (const [low, high] of [
    [5, 15],
    [15, 30],
    [30, 55],
  ] as const) {
    const sigma = random.uniform(low, high);
    const noisy = await degraded(image, gaussianNoise({ sigma }), random);
    yield { image: noisy, finding: 'noise', kind: `noise, sigma ${low} to ${high}`, sigma };
  }
  const sigma = random.uniform(10, 40);
  const stored = await compressed(
    await degraded(image, gaussianNoise({ sigma }), random),
    80 + random.integer(18),
  );
  yield { image: stored, finding: 'noise', kind: 'noise, then JPEG from 80' };
  const faint = await degraded(image, gaussianNoise({ sigma: random.uniform(10, 40) }), random);
  yield { image: enlarged(faint, random), finding: 'noise', kind: 'noise, then enlarged' };
  const camera = cameraNoise(
    { shot: [-3.5, -1.9], smoothing: [0.2, 1.6], stored: 0.7, quality: [85, 98] },
    jpegCodec,
  );
  for (const [kind, base] of [
    ['noise of a camera', image],
    ['noise of a camera, at full size', enlarged(image, random)],
  ] as const) {
    const noisy = await degraded(base, camera, random);
    const sigma = deviation(noisy, base);
    if (sigma >= FAINTEST) yield { image: noisy, finding: 'noise', kind, sigma };
  }
  for (const [low, high] of [
    [4, 10],
    [10, 30],
  ] as const) {
    const blur = motionBlur({ travel: [low, high], shake: [0, 0.6], sigma: [0, 1.5] });
    yield {
      image: await degraded(image, blur, random),
      finding: 'blur',
      kind: `motion blur, ${low} to ${high} px`,
    };
  }
  const blurred = await sharp(image.data, { raw: raw(image) })
    .blur(random.uniform(1.8, 4))
    .raw()
    .toBuffer();
  const defocused = { ...image, data: new Uint8Array(blurred) };
  yield { image: defocused, finding: 'blur', kind: 'defocus' };
  for (const [low, high] of [
    [10, 30],
    [30, 60],
    [60, 80],
  ] as const) {
    const quality = Math.round(random.uniform(low, high));
    yield {
      image: await compressed(image, quality),
      finding: 'jpeg',
      kind: `JPEG, quality ${low} to ${high}`,
      quality,
    };
  }
  const light = {
    coverage: [0.03, 0.12],
    length: [15, 60],
    width: [0.4, 0.8],
    brightness: [0.15, 0.4],
  } as const;
  const heavy = {
    coverage: [0.1, 0.35],
    length: [8, 45],
    width: [0.4, 1.2],
    brightness: [0.25, 0.6],
  } as const;
  for (const [kind, settings, layers] of [
    ['light rain', light, 1],
    ['rain', heavy, 1 + random.integer(4)],
  ] as const) {
    const fall = rain({ layers, angle: [-40, 40], ...(settings as unknown as Ranges) });
    const wet = await degraded(image, fall, random);
    yield { image: wet, finding: 'rain', kind };
    yield { image: await uploaded(wet, random), finding: 'rain', kind: `${kind}, then JPEG from 75` };
  }
  const shake = motionBlur({ travel: [6, 30], shake: [0, 0.6], sigma: [0, 1.5] });
  for (const [kind, blurry] of [
    ['motion blur', await degraded(image, shake, random)],
    ['defocus', defocused],
  ] as const)
    yield { image: await uploaded(blurry, random), finding: 'blur', kind: `${kind}, then JPEG from 75` };
}

type Ranges = Omit<Parameters<typeof rain>[0], 'layers' | 'angle'>;

/** As it comes from a telephone or the web. */
function uploaded(image: Bytes, random: Random): Promise<Bytes> {
  return compressed(image, 75 + random.integer(21));
}

/** As a camera's own picture at full size is: no detail as fine as its pixels. */
function enlarged(image: Bytes, random: Random): Bytes {
  const large = resizeBicubic(image, random.uniform(1.3, 3)) as Bytes;
  return cropped(large, Math.min(image.width, large.width), Math.min(image.height, large.height));
}

async function degraded(image: Bytes, degradation: Degradation, random: Random): Promise<Bytes> {
  const pixels = Float32Array.from(image.data, (value) => value / 255);
  return bytes({ ...image, data: await degradation.apply(pixels, image.width, image.height, random) });
}

async function compressed(image: Bytes, quality: number): Promise<Bytes> {
  const file = await sharp(image.data, { raw: raw(image) })
    .jpeg({ quality })
    .toBuffer();
  return { ...image, data: new Uint8Array(await sharp(file).raw().toBuffer()) };
}

const raw = ({ width, height }: Bytes) => ({ width, height, channels: 3 as const });

function bytes(image: Raster): Bytes {
  if (image.data instanceof Uint8Array) return image as Bytes;
  const data = Uint8Array.from(image.data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return { ...image, data };
}

/** Root mean square of the difference, 0..255. */
function deviation(a: Bytes, b: Bytes): number {
  return Math.sqrt(a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0) / a.data.length);
}
