/** What a comparison of methods says of one set: for each method mean, deviation and interval over seeds. */
import { z } from 'zod';
import { count, decibels, macs, percent, similarity } from '../report/format.ts';
import { markdownTable } from '../report/markdown-table.ts';

/** Over the images of a set. */
export const Measured = z.strictObject({
  psnr: z.number(),
  ssim: z.number(),
  input: z.strictObject({ psnr: z.number(), ssim: z.number() }),
});
export type Measured = z.infer<typeof Measured>;

/** A mean over seeds, in dB. */
const OverSeeds = z.strictObject({
  mean: z.number(),
  deviation: z.number(),
  /** The 95 % interval of Student's t; null for one seed, which has none. */
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type OverSeeds = z.infer<typeof OverSeeds>;

const MethodRow = z.strictObject({
  method: z.string(),
  seeds: z.array(z.int()),
  psnr: OverSeeds,
  ssim: OverSeeds,
  /** The differences of runs of one seed, which start alike and see the same patches. */
  aboveScratch: OverSeeds.optional(),
  belowReference: OverSeeds.optional(),
});

/** `scale`: how many times each side grows, 1 in restoration. */
const Cost = z.strictObject({ parameters: z.int(), macsPerPixel: z.number(), scale: z.int() });

export const DistillationTable = z.strictObject({
  recipe: z.string(),
  steps: z.int(),
  dataset: z.string(),
  condition: z.string(),
  protocol: z.string(),
  /** The method that the others are held against. */
  reference: z.string(),
  input: z.strictObject({ psnr: z.number(), ssim: z.number() }),
  student: Cost,
  /** The one that teaches first; where it is several and what merges them, each alone, and their mean, after it. */
  teachers: z
    .array(z.strictObject({ name: z.string(), psnr: z.number(), ssim: z.number(), ...Cost.shape }))
    .min(1),
  rows: z.array(MethodRow),
});
export type DistillationTable = z.infer<typeof DistillationTable>;

/** Student's t at 97.5 % for 1, 2, .. degrees of freedom. */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

export function overSeeds(values: readonly number[]): OverSeeds {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, deviation: 0, low: null, high: null };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = ((quantiles[n - 2] ?? 2.228) * deviation) / Math.sqrt(n);
  return { mean, deviation, low: mean - half, high: mean + half };
}

/** One method's results by seed. */
export type Results = Map<number, Measured>;

/** @param results by method, in the order of the rows */
export function methodRows(
  results: ReadonlyMap<string, Results>,
  reference: string,
): DistillationTable['rows'] {
  const difference = (of: Results, less: Results | undefined) => {
    const both = [...of.keys()].filter((seed) => less?.has(seed));
    return both.length === 0
      ? undefined
      : overSeeds(both.map((seed) => of.get(seed)!.psnr - less!.get(seed)!.psnr));
  };
  return [...results].map(([method, measured]) => {
    const all = [...measured.values()];
    const aboveScratch = method === 'scratch' ? undefined : difference(measured, results.get('scratch'));
    const belowReference =
      method === reference ? undefined : difference(results.get(reference) ?? new Map(), measured);
    return {
      method,
      seeds: [...measured.keys()],
      psnr: overSeeds(all.map(({ psnr }) => psnr)),
      ssim: overSeeds(all.map(({ ssim }) => ssim)),
      ...(aboveScratch && { aboveScratch }),
      ...(belowReference && { belowReference }),
    };
  });
}

/** The table for people. A difference stands in bold where its interval is clear of zero. */
export function toMarkdown(table: DistillationTable): string {
  const { steps, protocol, reference, input, student, teachers, rows } = table;
  const [teacher] = teachers as [(typeof teachers)[0]];
  const difference = (value: OverSeeds | undefined) => {
    if (!value) return '';
    const { low, high } = value;
    if (low === null || high === null) return emphasised(value);
    return `${emphasised(value)} (${signed(low)} .. ${signed(high)})`;
  };
  const lines = rows.map(({ method, seeds, psnr, ssim, aboveScratch, belowReference }) => [
    method,
    decibels(psnr.mean),
    psnr.deviation.toFixed(3),
    similarity(ssim.mean),
    `${seeds.length}`,
    difference(aboveScratch),
    difference(belowReference),
  ]);
  const cut = (of: 'parameters' | 'macsPerPixel') => percent(1 - student[of] / teacher[of]);
  return [
    markdownTable([
      ['', 'PSNR (dB)', 'deviation', 'SSIM', 'seeds', 'above scratch (dB)', `${reference} above it (dB)`],
      ['input', decibels(input.psnr), '', similarity(input.ssim), '', '', ''],
      ...teachers.map(({ name, psnr, ssim }) => [
        `teacher ${name}`,
        ...[decibels(psnr), '', similarity(ssim), '', '', ''],
      ]),
      ...lines,
    ]),
    `${steps} steps each. Student: ${count(student.parameters)} parameters (${cut('parameters')} fewer than the teacher), ${count(student.macsPerPixel)} MACs per pixel (${cut('macsPerPixel')} fewer)${student.scale === 1 ? '' : `, ${macs((student.macsPerPixel * 1280 * 720) / student.scale ** 2)} MACs for an output of 1280x720`}. Deviations over seeds; differences between runs of one seed, with the 95 % interval of their mean (Student's t), bold where it is clear of zero. ${protocol}.`,
  ].join('\n\n');
}

/** All sets of one recipe side by side: what the others of its tables say, without their intervals and SSIM. */
export function overview(tables: readonly DistillationTable[]): string {
  const [{ teachers, rows, reference }] = tables as [DistillationTable];
  const figures = (of: (table: DistillationTable) => string | undefined) =>
    tables.map((table) => of(table) ?? '');
  const line = (method: string) =>
    figures((table) => {
      const row = table.rows.find((row) => row.method === method);
      if (!row) return undefined;
      const { psnr, aboveScratch } = row;
      return `${decibels(psnr.mean)}${aboveScratch ? ` (${emphasised(aboveScratch)})` : ''}`;
    });
  return [
    markdownTable([
      ['', ...tables.map(({ dataset }) => dataset), 'seeds'],
      ['input', ...figures(({ input }) => decibels(input.psnr)), ''],
      ...teachers.map(({ name }, index) => [
        `teacher ${name}`,
        ...figures((table) => decibels(table.teachers[index]!.psnr)),
        '',
      ]),
      ...rows.map(({ method, seeds }) => [method, ...line(method), `${seeds.length}`]),
    ]),
    `PSNR in dB, means over seeds; in brackets how far above scratch, between runs of one seed, bold where the 95 % interval (Student's t) is clear of zero. The recipe's own method: ${reference}.`,
  ].join('\n\n');
}

/** The mean of differences, in bold where their interval is clear of zero. */
function emphasised({ mean, low, high }: OverSeeds): string {
  const clear = low !== null && high !== null && (low > 0 || high < 0);
  return clear ? `**${signed(mean)}**` : signed(mean);
}

function signed(decibel: number): string {
  return `${decibel < 0 ? '-' : '+'}${Math.abs(decibel).toFixed(3)}`;
}
