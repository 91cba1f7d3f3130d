import { toMarkdown as distillationToMarkdown, overview } from '../distillation/table.ts';
import { toMarkdown as enginesToMarkdown } from '../engines/report.ts';
import { bytes, count, decibels, interval, macs, percent, seconds, similarity } from './format.ts';
import { markdownTable } from './markdown-table.ts';
import type { CompressionRow, QualityTable, Report, ServiceRow, SpeedRow } from './schema.ts';

/** A part of the report: what it says, and for the tables of quality the figures, from which plots are drawn. */
export interface Section {
  title: string;
  markdown: string;
  table?: QualityTable;
}

/** The report for a terminal, a pull request or the summary of a CI step. */
export function toMarkdown(report: Report): string {
  const { machine, made, commit, command } = report;
  const parts = sections(report).map(({ title, markdown }) => `## ${title}\n\n${markdown}`);
  const from = `${made}, ${commit ? `commit ${commit}` : 'no commit'}`;
  const where = `engine ${machine.engine}, Node ${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}`;
  return `${['# Pellucid bench', ...parts, `${from}; ${where}. Made by \`${command}\`.`].join('\n\n')}\n`;
}

export function sections({ quality, peers, compression, speed, engines, distillation }: Report): Section[] {
  return [
    ...(quality ?? []).map((table) => qualitySection(table, 'Quality')),
    ...(peers ?? []).map((table) => qualitySection(table, 'Peers')),
    ...(compression ?? []).map(compressionSection),
    ...(speed ? [speedSection(speed)] : []),
    ...(engines ? [{ title: 'Engines', markdown: enginesToMarkdown(engines).trim() }] : []),
    ...distillationSections(distillation ?? []),
  ];
}

/** A recipe's sets one by one, after all of them side by side. */
function distillationSections(tables: NonNullable<Report['distillation']>): Section[] {
  const recipes = Map.groupBy(tables, ({ recipe }) => recipe);
  return [...recipes].flatMap(([recipe, tables]) => [
    ...(tables.length > 1
      ? [{ title: `Distillation: ${recipe}, all sets`, markdown: overview(tables) }]
      : []),
    ...tables.map((table) => ({
      title: `Distillation: ${recipe}, ${table.dataset}, ${table.condition}`,
      markdown: distillationToMarkdown(table),
    })),
  ]);
}

function qualitySection(table: QualityTable, title: string): Section {
  const { input, rows } = table;
  const best = Math.max(...rows.map(({ output }) => output.psnr.mean ?? Infinity));
  const figures = ({ psnr, ssim }: QualityTable['input'], bold = false) => [
    bold ? `**${decibels(psnr.mean)}**` : decibels(psnr.mean),
    interval(psnr, decibels),
    psnr.deviation?.toFixed(2) ?? '',
    similarity(ssim.mean),
    `${psnr.n}`,
  ];
  const lines = rows.map(({ candidate, output, cost, millisecondsPerMegapixel, bytes: size }) => [
    candidate,
    ...figures(output, rows.length > 1 && (output.psnr.mean ?? Infinity) === best),
    cost ? count(cost.parameters) : '',
    cost ? count(cost.macsPerPixel) : '',
    count(millisecondsPerMegapixel),
    bytes(size),
  ]);
  const skipped = rows.flatMap(({ candidate, skipped }) =>
    skipped.map(({ file, reason }) => `${candidate}, ${file}: ${reason}`),
  );
  const head = ['', 'PSNR (dB)', '95 % interval', 'deviation', 'SSIM', 'n'];
  return {
    title: `${title}: ${table.dataset}, ${table.condition}`,
    table,
    markdown: [
      markdownTable([
        [...head, 'parameters', 'MACs per pixel', 'ms per Mpx', 'download'],
        [table.task === 'sr' ? 'bicubic' : 'input', ...figures(input), '', '', '', ''],
        ...lines,
      ]),
      `${table.protocol}. Intervals: bootstrap over images, seed ${table.seed}. Costs: per input pixel; download: weights and the WebAssembly that runs them. Set: ${table.source}.`,
      published(table),
      listed('Not measured', skipped),
      listed(
        'Absent',
        table.absent.map(({ candidate, reason }) => `${candidate}: ${reason}`),
      ),
    ]
      .filter(Boolean)
      .join('\n\n'),
  };
}

function published({ rows }: QualityTable): string {
  const said = rows.flatMap(({ candidate, published }) => (published ? [`${candidate}: ${published}`] : []));
  return said.length > 0 ? `Published by the authors: ${said.join('; ')}.` : '';
}

function listed(title: string, lines: string[]): string {
  return lines.length === 0 ? '' : `${title}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function compressionSection(row: CompressionRow): Section {
  const { model, teacher, size, student, compared, parametersCut, macsCut, floor, passed } = row;
  const cells = (name: string, cost: CompressionRow['student']) => [
    name,
    count(cost.parameters),
    count(cost.macsPerPixel),
    macs(cost.macs),
    bytes(cost.bytes32),
    bytes(cost.bytes16),
  ];
  const at = `MACs at ${size.width}x${size.height}`;
  return {
    title: `Compression: ${model}`,
    markdown: [
      markdownTable([
        ['', 'parameters', 'MACs per pixel', at, 'float32 file', 'float16 file'],
        cells(teacher, compared),
        cells(model, student),
        ['cut', percent(parametersCut), percent(macsCut), '', '', ''],
      ]),
      `${passed ? 'Passed' : '**Failed**'}: the floor is ${percent(floor)} in parameters and in MACs.`,
    ].join('\n\n'),
  };
}

const SERVICE =
  "The whole service in workerd, bytes to bytes: the least processor time of workerd's threads in the runs, where the system tells it, else time by the clock. Cold start: to the first answer, beyond what an empty Worker takes.";

function serviceTable(service: ServiceRow[]): string {
  const amount = ({ unit }: ServiceRow, value: number) =>
    unit === 'ms' ? `${count(value)} ms` : bytes(value);
  return markdownTable([
    ['', 'measured', 'target', ''],
    ...service.map((row) => [
      row.what,
      amount(row, row.value),
      amount(row, row.target),
      row.value <= row.target ? 'met' : '**missed**',
    ]),
  ]);
}

function speedSection({ rows, service, absent }: NonNullable<Report['speed']>): Section {
  const cells = (row: SpeedRow) => [
    row.model,
    row.version,
    `${row.width}x${row.height}`,
    count(row.millisecondsPerMegapixel),
    row.yardsticksPerMegapixel.toFixed(1),
    seconds(row.coldStartMilliseconds),
    bytes(row.wasmBytes),
    bytes(row.heapBytes),
  ];
  return {
    title: 'Speed',
    markdown: [
      markdownTable([
        ['', 'runtime', 'photograph', 'ms per Mpx', 'yardsticks', 'cold start', 'wasm memory', 'JS heap'],
        ...rows.map(cells),
      ]),
      'One thread, restoring alone, the middle of the runs. Yardsticks: the same against a fixed loop of plain JavaScript run between the restorations, by which two machines compare. Cold start: from the start of the process or page, in workerd from the first request, to the first restored 64x64 picture.',
      ...(service ? [serviceTable(service), SERVICE] : []),
      listed(
        'Absent',
        absent.map(({ runtime, reason }) => `${runtime}: ${reason}`),
      ),
    ]
      .filter(Boolean)
      .join('\n\n'),
  };
}
