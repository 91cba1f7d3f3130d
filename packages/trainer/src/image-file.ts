import path from 'node:path';
import { PellucidError, type Raster } from '@pellucid/core';
import sharp from 'sharp';
import { writeAtomically } from './atomic-file.ts';

/** What the project reads and writes, by file ending. */
export const imageEndings: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff'];

export function isImageFile(file: string): boolean {
  return imageEndings.includes(path.extname(file).toLowerCase());
}

/** Whether two files have one format by their endings. */
export function sameFormat(a: string, b: string): boolean {
  return formatOf(a) === formatOf(b);
}

function formatOf(file: string): 'png' | 'webp' | 'tiff' | 'jpeg' {
  const ending = path.extname(file).toLowerCase();
  if (ending === '.png') return 'png';
  if (ending === '.webp') return 'webp';
  return ending.startsWith('.tif') ? 'tiff' : 'jpeg';
}

/** The size of a photograph in pixels, as its file's head says, not turned; none where it cannot be read. */
export async function imageSize(file: string): Promise<{ width: number; height: number }> {
  return sharp(file)
    .metadata()
    .catch(() => ({ width: 0, height: 0 }));
}

/**
 * Decodes a photograph: orientation applied, colours in sRGB, grey widened to RGB, alpha and 16 bits kept.
 *
 * @throws PellucidError `image/unreadable` naming the file
 */
export async function readImage(file: string): Promise<Raster> {
  try {
    const image = sharp(file, { failOn: 'warning' }).autoOrient();
    const { depth } = await image.metadata();
    const deep = depth === 'ushort';
    const { data, info } = await image
      .toColourspace(deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const values = deep
      ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
      : new Uint8Array(data);
    return { width: info.width, height: info.height, channels: info.channels as 3 | 4, data: values };
  } catch (cause) {
    throw new PellucidError('image/unreadable', `${file} is not a photograph that can be read.`, { cause });
  }
}

/**
 * Encodes a photograph in the format that the file's ending names. The file is there whole or not at all.
 *
 * @throws PellucidError `image/not-encoded` where the format holds no picture of this size, `file/not-written`
 */
export async function writeImage(file: string, { data, width, height, channels }: Raster): Promise<void> {
  const image = sharp(data as Uint8Array | Uint16Array, {
    raw: { width, height, channels },
    // It is in memory already.
    limitInputPixels: false,
  });
  if (data instanceof Uint16Array) image.toColourspace('rgb16');
  const format = formatOf(file);
  if (format === 'png') image.png();
  else if (format === 'webp') image.webp({ quality: 90 });
  else if (format === 'tiff') image.tiff({ compression: 'deflate' });
  else image.jpeg({ quality: 92, chromaSubsampling: '4:4:4' });
  const bytes = await image.toBuffer().catch((cause) => {
    throw new PellucidError(
      'image/not-encoded',
      `${file} cannot hold ${width} x ${height} pixels; name it .png or .tiff, or restore a smaller photograph.`,
      { cause },
    );
  });
  await writeAtomically(file, bytes);
}
