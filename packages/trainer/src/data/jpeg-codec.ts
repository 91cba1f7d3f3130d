import type { JpegCodec } from '@pellucid/core';
import sharp from 'sharp';

/** libjpeg-turbo, by sharp: with the tables of the standard, as most programs write JPEG. */
export const jpegCodec: JpegCodec = async (pixels, width, height, { quality, subsampled }) => {
  const chromaSubsampling = subsampled ? '4:2:0' : '4:4:4';
  const file = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling, mozjpeg: false })
    .toBuffer();
  return new Uint8Array(await sharp(file).toColourspace('srgb').raw().toBuffer());
};
