import { type Random, type Raster, resizeBicubic } from '@pellucid/core';
import sharp from 'sharp';

export type Bytes = Raster & { data: Uint8Array };
type Pipe = ReturnType<typeof sharp>;

/** What a photograph meets on its way, each drawing its strength from hardly visible to ruinous. */
const single: Record<string, (image: Bytes, random: Random) => Promise<Bytes> | Bytes> = {
  noise: (image, random) => noisy(image, Math.exp(random.uniform(Math.log(2), Math.log(60))), random),
  blur: (image, random) =>
    piped(image, (pipe) => pipe.blur(Math.exp(random.uniform(Math.log(0.4), Math.log(8))))),
  jpeg: (image, random) =>
    recoded(image, (pipe) => pipe.jpeg({ quality: Math.round(random.uniform(3, 90)) })),
  webp: (image, random) =>
    recoded(image, (pipe) => pipe.webp({ quality: Math.round(random.uniform(1, 90)) })),
  resample: (image, random) => {
    const small = resizeBicubic(image, 1 / random.uniform(1.3, 6)) as Bytes;
    return piped(small, (pipe) => pipe.resize(image.width, image.height, { kernel: 'cubic', fit: 'fill' }));
  },
};

/** The distortions' names: each alone, and pairs in the order in which cameras and servers apply them. */
export const distortions: readonly string[] = [
  ...Object.keys(single),
  'blur+noise',
  'noise+jpeg',
  'blur+jpeg',
  'resample+webp',
];

/** A distorted copy of RGB bytes. The same stream gives the same copy. */
export async function distort(image: Bytes, name: string, random: Random): Promise<Bytes> {
  let distorted = image;
  for (const part of name.split('+')) distorted = await single[part]!(distorted, random);
  return distorted;
}

function noisy(image: Bytes, sigma: number, random: Random): Bytes {
  const data = image.data.map((value) =>
    Math.min(255, Math.max(0, Math.round(value + sigma * random.normal()))),
  );
  return { ...image, data };
}

async function recoded(image: Bytes, encode: (pipe: Pipe) => Pipe): Promise<Bytes> {
  const encoded = await encode(raw(image)).toBuffer();
  return decoded(sharp(encoded));
}

function piped(image: Bytes, apply: (pipe: Pipe) => Pipe): Promise<Bytes> {
  return decoded(apply(raw(image)));
}

function raw({ data, width, height, channels }: Bytes): Pipe {
  return sharp(data, { raw: { width, height, channels } });
}

async function decoded(pipe: Pipe): Promise<Bytes> {
  const { data, info } = await pipe.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data: new Uint8Array(data) };
}
