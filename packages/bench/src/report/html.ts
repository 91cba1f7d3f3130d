import { Marked } from 'marked';
import type { Curve } from './curves.ts';
import { decibels } from './format.ts';
import type { Extremes } from './gallery.ts';
import { escapeHtml } from './html-text.ts';
import { type Section, sections } from './markdown.ts';
import { markdownTable } from './markdown-table.ts';
import { pictures } from './pictures.ts';
import { costPlot, linePlot } from './plots.ts';
import type { QualityTable, Report } from './schema.ts';
import { style } from './style.ts';

/** The same words as the Markdown's. HTML in them is text: names of files and errors of others stand there. */
const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    table(token) {
      const table = Object.getPrototypeOf(this).table.call(this, token);
      return `<div class="scroll">${table}</div>`;
    },
  },
});

/** The report as one file that needs no network: tables, plots, and what the figures look like. */
export async function toHtml(report: Report, extremes: Extremes[], curves: Curve[]): Promise<string> {
  const parts = await Promise.all(
    sections(report).map(async (section) => ({
      title: section.title,
      body: `${marked.parse(section.markdown)}${section.table ? await illustrated(section, section.table, extremes) : ''}`,
    })),
  );
  if (curves.length > 0) parts.push({ title: 'Training', body: training(curves) });
  const links = parts.map(({ title }, i) => `<a href="#s${i}">${escapeHtml(title)}</a>`);
  const bodies = parts.map(
    ({ title, body }, i) => `<section id="s${i}"><h2>${escapeHtml(title)}</h2>\n${body}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Pellucid bench</title><style>${style}</style></head><body>
<header><h1>Pellucid bench</h1>${provenance(report)}<nav>${links.join('\n')}</nav></header>
<main>${bodies.join('\n')}</main></body></html>
`;
}

function provenance({ command, made, commit, machine }: Report): string {
  const facts = [
    ['command', `<code>${escapeHtml(command)}</code>`],
    ['made', made.replace(/\.\d+Z$/, ' UTC').replace('T', ' ')],
    ['commit', commit ? `<code>${escapeHtml(commit)}</code>` : 'none'],
    ['machine', escapeHtml(`${machine.cores} x ${machine.cpu}, ${machine.platform}`)],
    ['engine', escapeHtml(`${machine.engine}, Node ${machine.node}`)],
  ];
  return `<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`;
}

/** The plot, the pictures and every image's figures that belong to a table of quality. */
async function illustrated(section: Section, table: QualityTable, extremes: Extremes[]): Promise<string> {
  const own = extremes.filter(({ best }) => section.title.endsWith(best.table));
  const shown = await Promise.all(
    own.map(
      async (one, index) =>
        `<details${index === 0 ? ' open' : ''}><summary>${escapeHtml(one.best.candidate)}: what it gained least and most on, where its error is largest</summary>${await pictures(one)}</details>`,
    ),
  );
  return [plot(table), ...shown, everyImage(table)].join('\n');
}

/** Quality against cost, where there are two costs to compare. */
function plot({ rows }: QualityTable): string {
  const points = rows.flatMap(({ candidate, cost, output }) =>
    cost && output.psnr.mean !== null
      ? [{ name: candidate, macs: cost.macsPerPixel, psnr: output.psnr.mean }]
      : [],
  );
  if (points.length < 2) return '';
  return `<figure>${costPlot(points)}<figcaption>Quality against cost: up and to the left is better.</figcaption></figure>`;
}

function everyImage({ rows }: QualityTable): string {
  const figures = rows.map(({ images }) => new Map(images.map((image) => [image.file, image.output.psnr])));
  const all = new Map(rows.flatMap(({ images }) => images).map((image) => [image.file, image]));
  const lines = [...all.values()].map(({ file, width, height, input }) => [
    file,
    `${width}x${height}`,
    decibels(input.psnr),
    ...figures.map((psnr) => (psnr.has(file) ? decibels(psnr.get(file)!) : '')),
  ]);
  const head = ['', 'size', 'input', ...rows.map(({ candidate }) => candidate)];
  return `<details><summary>PSNR of every image</summary>${marked.parse(markdownTable([head, ...lines]))}</details>`;
}

function training(curves: Curve[]): string {
  const validated = curves.filter(({ psnr }) => psnr.length > 1);
  const plots = [
    linePlot(
      curves.map(({ name, loss }) => ({ name, points: loss })),
      'loss',
    ),
    ...(validated.length === 0
      ? []
      : [
          linePlot(
            validated.map(({ name, psnr }) => ({ name, points: psnr })),
            'validation PSNR (dB)',
          ),
        ]),
  ];
  return `<div class="plots">${plots.join('')}</div>`;
}
