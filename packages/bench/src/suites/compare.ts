/** `pnpm bench compare BASE HEAD`: what got worse between two reports, and whether that is allowed. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import { z } from 'zod';
import { count, decibels } from '../report/format.ts';
import { markdownTable } from '../report/markdown-table.ts';
import { type QualityTable, Report } from '../report/schema.ts';

export interface Tolerances {
  /** dB that a mean PSNR may fall. */
  quality: number;
  /** How many times as long, against the yardstick, a restoration may take. */
  speed: number;
}

export interface Change {
  what: string;
  base: string;
  head: string;
  /** Undefined where the change is allowed. */
  worse?: string;
}

export const compare = defineCommand({
  meta: {
    name: 'pnpm bench compare',
    description: 'Compare two reports; exit with status 1 and say what got worse, if anything did.',
  },
  args: {
    base: { type: 'positional', required: true, description: 'Report before: report.json or its folder.' },
    head: { type: 'positional', required: true, description: 'Report after.' },
    quality: { type: 'string', default: '0.05', description: 'dB that a mean PSNR may fall.' },
    speed: {
      type: 'string',
      default: '1.5',
      description: 'How many times as long a restoration may take, against the yardstick.',
    },
  },
  async run({ args }) {
    const tolerances = { quality: Number(args.quality), speed: Number(args.speed) };
    if (!(tolerances.quality >= 0 && tolerances.speed >= 1))
      throw new PellucidError('cli/usage', '--quality must be at least 0 and --speed at least 1.');
    const changes = compareReports(await readReport(args.base), await readReport(args.head), tolerances);
    console.log(changeTable(changes, tolerances));
    if (changes.some(({ worse }) => worse !== undefined)) process.exitCode = 1;
  },
});

/**
 * Reads a report.
 *
 * @param location the JSON file, or the folder that `--out` named
 * @throws PellucidError `bench/no-report` when it cannot be read or is no report of this version
 */
export async function readReport(location: string): Promise<Report> {
  try {
    const isFolder = (await stat(location)).isDirectory();
    const text = await readFile(isFolder ? path.join(location, 'report.json') : location, 'utf8');
    return Report.parse(JSON.parse(text));
  } catch (cause) {
    const why =
      cause instanceof z.ZodError ? z.prettifyError(cause).split('\n')[0] : (cause as Error).message;
    throw new PellucidError('bench/no-report', `${location} is no report of pnpm bench: ${why}.`, { cause });
  }
}

/**
 * Everything that both reports, or the base alone, say: quality may fall by the tolerance, cost may not rise at all,
 * and time, in yardsticks, may rise by its factor, so that a slower machine is no regression. What the base has and the head has not is worse.
 */
export function compareReports(base: Report, head: Report, tolerances: Tolerances): Change[] {
  return [
    ...qualityChanges(base.quality ?? [], head.quality ?? [], tolerances.quality),
    ...compressionChanges(base, head),
    ...speedChanges(base, head, tolerances.speed),
  ];
}

function qualityChanges(base: QualityTable[], head: QualityTable[], allowed: number): Change[] {
  const after = new Map(flat(head));
  return flat(base).map(([what, { psnr }]) => {
    const now = after.get(what)?.psnr;
    const was = describe(psnr);
    if (!now) return { what, base: was, head: '', worse: 'not measured any more' };
    const change = { what, base: was, head: describe(now) };
    if (now.n !== psnr.n) return { ...change, worse: 'measured on other images' };
    // No mean means that nothing differs from the truth.
    const [before, since] = [psnr.mean ?? Infinity, now.mean ?? Infinity];
    return since < before - allowed ? { ...change, worse: `${(before - since).toFixed(3)} dB less` } : change;
  });
}

function flat(tables: QualityTable[]): [string, QualityTable['input']][] {
  return tables.flatMap(({ dataset, condition, rows }) =>
    rows.map(({ candidate, output }): [string, QualityTable['input']] => [
      `${candidate} on ${dataset}, ${condition}`,
      output,
    ]),
  );
}

function describe({ mean, n }: QualityTable['input']['psnr']): string {
  return `${decibels(mean)} dB (${n})`;
}

function compressionChanges(base: Report, head: Report): Change[] {
  const after = new Map((head.compression ?? []).map((row) => [row.model, row]));
  return (base.compression ?? []).flatMap((row): Change[] => {
    const now = after.get(row.model);
    if (!now)
      return [
        {
          what: `cost of ${row.model}`,
          base: count(row.student.macsPerPixel),
          head: '',
          worse: 'not measured any more',
        },
      ];
    return (['parameters', 'macsPerPixel', 'bytes16'] as const).map((key) => ({
      what: `${key} of ${row.model}`,
      base: count(row.student[key]),
      head: count(now.student[key]),
      ...(now.student[key] > row.student[key] && { worse: 'more' }),
    }));
  });
}

function speedChanges(base: Report, head: Report, allowed: number): Change[] {
  const key = ({ model, runtime }: { model: string; runtime: string }) => `time of ${model} in ${runtime}`;
  const after = new Map((head.speed?.rows ?? []).map((row) => [key(row), row]));
  return (base.speed?.rows ?? []).map((row) => {
    const what = key(row);
    const words = ({ yardsticksPerMegapixel }: typeof row) =>
      `${yardsticksPerMegapixel.toFixed(1)} yardsticks`;
    const now = after.get(what);
    if (!now) return { what, base: words(row), head: '', worse: 'not measured any more' };
    const factor = now.yardsticksPerMegapixel / row.yardsticksPerMegapixel;
    return {
      what,
      base: words(row),
      head: words(now),
      ...(factor > allowed && { worse: `${factor.toFixed(2)} times as long` }),
    };
  });
}

/** The changes as Markdown, what got worse first. */
export function changeTable(changes: Change[], { quality, speed }: Tolerances): string {
  const worse = changes.filter((change) => change.worse !== undefined);
  const rest = changes.filter((change) => change.worse === undefined);
  const rows = [...worse, ...rest].map(({ what, base, head, worse }) => [
    what,
    base,
    head,
    worse ? `**${worse}**` : 'kept',
  ]);
  return [
    `## ${worse.length === 0 ? 'Nothing got worse' : `${worse.length} of ${changes.length} got worse`}`,
    markdownTable([['', 'base', 'head', ''], ...rows]),
    `Allowed: ${quality} dB, no cost, ${speed} times the time per megapixel divided by the yardstick's.`,
  ].join('\n\n');
}
