/** What there is without any network: the filters of libvips, as sharp calls them, and our deconvolution by itself. */
import { deconvolve, type Raster } from '@pellucid/core';
import sharp, { type Sharp } from 'sharp';
import type { Candidate } from '../candidate.ts';
import type { Task } from '../datasets/protocol.ts';
import { toBytes } from '../datasets/raster.ts';

export function classics(): Candidate[] {
  return [
    filter('median 3x3 (libvips)', 'denoise', (image) => image.median(3)),
    filter('median 3x3 (libvips)', 'derain', (image) => image.median(3)),
    filter('sharpen (libvips)', 'deblur', (image) => image.sharpen({ sigma: 1.5 })),
    {
      name: 'deconvolution alone',
      task: 'deblur',
      scale: 1,
      open: async () => ({ restore: (image) => deconvolve(toBytes(image)), dispose() {} }),
    },
  ];
}

/** It sees what a file would hold: 8 bits. */
function filter(name: string, task: Task, apply: (image: Sharp) => Sharp): Candidate {
  return {
    name,
    task,
    scale: 1,
    open: async () => ({
      restore: async (image): Promise<Raster> => {
        const { width, height, data } = toBytes(image);
        const raw = { raw: { width, height, channels: 3 } } as const;
        const filtered = await apply(sharp(data, raw)).raw().toBuffer();
        return { width, height, channels: 3, data: new Uint8Array(filtered) };
      },
      dispose() {},
    }),
  };
}
