import { PellucidError, psnr, type Raster, ssim } from '@pellucid/core';
import type { Candidate, Opened } from './candidate.ts';
import type { Dataset } from './datasets/dataset.ts';
import type { Pair } from './datasets/degrade.ts';
import { type Condition, conventions, describeCondition, describeProtocol } from './datasets/protocol.ts';
import { bicubic, type FloatRaster, toBytes, toFloat } from './datasets/raster.ts';
import type { Gallery } from './report/gallery.ts';
import type { Quality, QualityRow, QualityTable } from './report/schema.ts';
import { statistic } from './statistics.ts';

export interface MeasureOptions {
  seed: number;
  /** Called after each image with its figures and how many are done. */
  onImage?: (candidate: string, image: QualityRow['images'][number], done: number, of: number) => void;
  /** Keeps pictures for the HTML report. */
  gallery?: Gallery;
}

interface Image {
  file: string;
  width: number;
  height: number;
  input: { psnr: number; ssim: number };
  output: { psnr: number; ssim: number };
}

/**
 * Measures candidates on a set under one condition.
 *
 * A photograph that cannot be read or restored is listed as skipped and costs no other result; a candidate that does
 * not start is listed as absent and costs no other row.
 *
 * @throws PellucidError `bench/no-photographs` when nothing at all could be measured, with the first reason
 */
export async function measureDataset(
  candidates: readonly Candidate[],
  dataset: Dataset,
  condition: Condition,
  options: MeasureOptions,
): Promise<QualityTable> {
  const { protocol, missing } = dataset;
  const rows: QualityRow[] = [];
  const absent: QualityTable['absent'] = [];
  let inputs: Image[] = [];
  for (const candidate of candidates) {
    const opened = await candidate.open().catch((error: unknown) => {
      if (!(error instanceof PellucidError)) throw error;
      absent.push({ candidate: candidate.name, reason: error.message });
    });
    if (!opened) continue;
    try {
      const { images, skipped, milliseconds, pixels } = await measureCandidate(
        candidate,
        opened,
        dataset,
        condition,
        options,
      );
      skipped.unshift(...missing);
      if (images.length === 0) {
        absent.push({ candidate: candidate.name, reason: skipped[0]?.reason ?? 'no image was measured' });
        continue;
      }
      if (images.length > inputs.length) inputs = images;
      rows.push({
        candidate: candidate.name,
        output: averaged(images, 'output', options.seed),
        ...(candidate.cost && { cost: candidate.cost }),
        ...(candidate.bytes !== undefined && { bytes: candidate.bytes }),
        ...(candidate.published !== undefined && { published: candidate.published }),
        millisecondsPerMegapixel: milliseconds / (pixels / 1e6),
        images: images.map(reported),
        skipped,
      });
    } finally {
      await opened.dispose();
    }
  }
  if (rows.length === 0)
    throw new PellucidError(
      'bench/no-photographs',
      `Nothing could be measured on ${protocol.name}: ${absent[0]?.reason ?? 'no model is for it'}.`,
    );
  return {
    task: protocol.tasks[0]!,
    dataset: nameOf(dataset),
    condition: describeCondition(condition),
    protocol: describeProtocol(protocol, condition),
    source: protocol.source,
    seed: options.seed,
    expected: protocol.count,
    measured: inputs.length,
    input: averaged(inputs, 'input', options.seed),
    rows,
    absent,
  };
}

/** A set of which files are missing is never called by the whole set's name. */
function nameOf({ protocol, samples }: Dataset): string {
  const { name, count } = protocol;
  return samples.length === count ? name : `${name} (${samples.length} of ${count})`;
}

async function measureCandidate(
  candidate: Candidate,
  opened: Opened,
  dataset: Dataset,
  condition: Condition,
  { onImage, gallery }: MeasureOptions,
): Promise<{ images: Image[]; skipped: QualityRow['skipped']; milliseconds: number; pixels: number }> {
  const { samples } = dataset;
  const images: Image[] = [];
  const skipped: QualityRow['skipped'] = [];
  let milliseconds = 0;
  let pixels = 0;
  for (const [index, { file, read }] of samples.entries()) {
    try {
      const pair = await read(condition);
      // The first call compiles the kernels; it is not timed.
      if (images.length === 0) await opened.restore(pair.input, condition);
      const start = performance.now();
      const output = await opened.restore(pair.input, condition);
      milliseconds += performance.now() - start;
      pixels += pair.input.width * pair.input.height;
      const image = compare(file, pair, output, condition, dataset);
      images.push(image);
      gallery?.offer(
        { table: `${nameOf(dataset)}, ${describeCondition(condition)}`, candidate: candidate.name, ...image },
        { input: unrestored(pair), output: toFloat(toBytes(output)), truth: pair.truth },
      );
      onImage?.(candidate.name, reported(image), index + 1, samples.length);
    } catch (error) {
      if (!(error instanceof PellucidError)) throw error;
      skipped.push({ file, reason: error.message });
    }
  }
  return { images, skipped, milliseconds, pixels };
}

function compare(
  file: string,
  pair: Pair,
  output: Raster,
  condition: Condition,
  { protocol }: Dataset,
): Image {
  const { channel, crop } = conventions(protocol, condition);
  const { truth } = pair;
  const measure = (image: Raster, round: boolean) => ({
    psnr: psnr(image, truth, { channel, crop, round }),
    ssim: ssim(image, truth, { channel, crop, round }),
  });
  return {
    file,
    width: truth.width,
    height: truth.height,
    // Noise that is not clipped is measured as it is; an enlargement is an image like any other.
    input: measure(unrestored(pair), condition.kind !== 'noise'),
    output: measure(output, true),
  };
}

/** What there is without any network: the input itself, enlarged where the truth is larger. */
function unrestored({ input, truth }: Pair): FloatRaster {
  return input.width === truth.width ? input : bicubic(input, truth.width / input.width);
}

function averaged(images: Image[], side: 'input' | 'output', seed: number): QualityTable['input'] {
  return {
    psnr: statistic(
      images.map((image) => image[side].psnr),
      seed,
    ),
    ssim: statistic(
      images.map((image) => image[side].ssim),
      seed,
    ),
  };
}

/** As the report has it: JSON has no infinity. */
function reported(image: Image): QualityRow['images'][number] {
  return { ...image, input: finite(image.input), output: finite(image.output) };
}

function finite({ psnr, ssim }: Image['input']): Quality {
  return { psnr: Number.isFinite(psnr) ? psnr : null, ssim };
}
