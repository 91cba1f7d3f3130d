import { cpus } from 'node:os';
import {
  type DegradationSettings,
  type Model,
  macsPerPixel,
  PellucidError,
  parameters,
  type Raster,
  Restorer,
} from '@pellucid/core';
import { type Measured, measure, metricProtocol } from './quality.ts';
import type { Report } from './report.ts';

/** A clean photograph that is read when its turn comes, so that only one is in memory. */
export interface Source {
  file: string;
  read(): Promise<Raster>;
}

export interface BenchSettings {
  command: string;
  engine: string;
  model: Model;
  teacher: Model | undefined;
  data: string;
  degradation: DegradationSettings & { kind: 'gaussian-noise' };
  seed: number;
  onImage?: (measured: Measured, done: number) => void;
}

/**
 * Measures a model on photographs: quality against the clean originals, compression against its teacher, and speed.
 *
 * A photograph that cannot be read or measured is listed as skipped and costs no other result.
 *
 * @throws PellucidError `bench/no-photographs` when none could be measured
 */
export async function bench(sources: Source[], settings: BenchSettings): Promise<Report> {
  const { model, teacher, degradation, seed } = settings;
  const restorer = new Restorer(model, { memory: 256 * 2 ** 20 });
  const measured: Measured[] = [];
  const skipped: Report['skipped'] = [];
  try {
    for (const [index, { file, read }] of sources.entries()) {
      try {
        const photograph = { file, raster: await read() };
        // The first call compiles the kernels; it is not timed.
        if (measured.length === 0) await measure(restorer, photograph, degradation, seed);
        measured.push(await measure(restorer, photograph, degradation, seed));
        settings.onImage?.(measured.at(-1)!, index + 1);
      } catch (error) {
        if (!(error instanceof PellucidError)) throw error;
        skipped.push({ file, reason: error.message });
      }
    }
  } finally {
    restorer.dispose();
  }
  if (measured.length === 0)
    throw new PellucidError('bench/no-photographs', `No photograph in ${settings.data} could be measured.`);

  const pixels = measured.reduce((sum, { width, height }) => sum + width * height, 0);
  const milliseconds = measured.reduce((sum, image) => sum + image.milliseconds, 0);
  const mean = (side: 'input' | 'output') => ({
    psnr: finite(measured.reduce((sum, image) => sum + image[side].psnr, 0) / measured.length),
    ssim: measured.reduce((sum, image) => sum + image[side].ssim, 0) / measured.length,
  });
  const { sigma } = degradation;
  return {
    schema: 'pellucid-bench/1',
    command: settings.command,
    machine: { node: process.versions.node, cpu: cpus()[0]?.model ?? 'unknown', engine: settings.engine },
    model: { name: model.name, task: model.task },
    protocol: {
      data: settings.data,
      images: measured.length,
      degradation: `Gaussian noise, sigma ${Array.isArray(sigma) ? sigma.join(' to ') : sigma}`,
      seed,
      metric: metricProtocol,
    },
    images: measured.map(({ milliseconds: _, input, output, ...image }) => ({
      ...image,
      input: { ...input, psnr: finite(input.psnr) },
      output: { ...output, psnr: finite(output.psnr) },
    })),
    skipped,
    mean: { input: mean('input'), output: mean('output') },
    compression: compression(model, teacher),
    speed: { millisecondsPerMegapixel: milliseconds / (pixels / 1e6) },
  };
}

function finite(psnr: number): number | null {
  return Number.isFinite(psnr) ? psnr : null;
}

/** Parameters and MACs as the graphs say, and how far the student lies below its teacher. */
export function compression(model: Model, teacher: Model | undefined): Report['compression'] {
  const own = { parameters: parameters(model.graph), macsPerPixel: macsPerPixel(model.graph) };
  if (!teacher) return own;
  const theirs = { parameters: parameters(teacher.graph), macsPerPixel: macsPerPixel(teacher.graph) };
  return {
    ...own,
    teacher: {
      name: teacher.name,
      ...theirs,
      parametersCut: 1 - own.parameters / theirs.parameters,
      macsCut: 1 - own.macsPerPixel / theirs.macsPerPixel,
    },
  };
}
