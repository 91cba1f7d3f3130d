import sharp from 'sharp';
import { type FloatRaster, toBytes } from '../datasets/raster.ts';
import { decibels } from './format.ts';
import type { Exhibit, Extremes, Views } from './gallery.ts';
import { escapeHtml } from './html-text.ts';

/** What the error is multiplied by, so that it can be seen. */
const MAGNIFIED = 5;

/** The best and the worst photograph of a candidate on a set: input, output, truth and error. */
export async function pictures({ worst, best }: Extremes): Promise<string> {
  const shown = worst.file === best.file ? [best] : [worst, best];
  const rows = await Promise.all(
    shown.map(async (exhibit) => {
      const rank = shown.length === 1 ? '' : exhibit === worst ? 'Least gained: ' : 'Most gained: ';
      return `<div class="pair"><p>${rank}<b>${escapeHtml(exhibit.file)}</b>, ${gain(exhibit)}</p>${await fourViews(exhibit.views)}</div>`;
    }),
  );
  return rows.join('\n');
}

function gain({ input, output }: Exhibit): string {
  return `${finite(input.psnr)} &rarr; ${finite(output.psnr)} dB`;
}

function finite(psnr: number): string {
  return decibels(Number.isFinite(psnr) ? psnr : null);
}

async function fourViews({ input, output, truth }: Views): Promise<string> {
  const shown: [string, FloatRaster][] = [
    ['input', input],
    ['restored', output],
    ['truth', truth],
    [`error &times; ${MAGNIFIED}`, error(output, truth)],
  ];
  const figures = await Promise.all(
    shown.map(
      async ([name, image]) =>
        `<figure><img src="${await webp(image)}" width="${image.width}" height="${image.height}" alt="${name}"><figcaption>${name}</figcaption></figure>`,
    ),
  );
  return `<div class="views">${figures.join('')}</div>`;
}

/** The mean error of the channels around grey: what is too bright is lighter, what is too dark is darker. */
function error(output: FloatRaster, truth: FloatRaster): FloatRaster {
  const data = new Float32Array(truth.data.length);
  for (let i = 0; i < data.length; i += 3) {
    const sum = [0, 1, 2].reduce((sum, c) => sum + output.data[i + c]! - truth.data[i + c]!, 0);
    data.fill(0.5 + (MAGNIFIED * sum) / 3, i, i + 3);
  }
  return { ...truth, data };
}

async function webp(image: FloatRaster): Promise<string> {
  const { width, height, data } = toBytes(image);
  const encoded = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: 88 })
    .toBuffer();
  return `data:image/webp;base64,${encoded.toString('base64')}`;
}
