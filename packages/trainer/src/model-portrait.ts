/** A model in words and a drawing, for a terminal. */
import {
  enlargement,
  type Graph,
  layersOf,
  type Model,
  macsPerPixel,
  type NetworkConfig,
  outline,
  type Part,
  parameters,
  peakMemory,
  type ReceptiveField,
  receptiveField,
} from '@pellucid/core';
import YAML from 'yaml';

export interface Size {
  width: number;
  height: number;
}

/** Sides of the square tiles whose memory is told. */
const tiles = [64, 128, 256, 512];

/** What a model is, what it costs on a photograph of `size`, and how its network is built. */
export function portrait({ name, task, network, graph }: Model, size: Size): string {
  return [
    `${name}: ${describeNetwork(network)} for ${task}`,
    '',
    ...costs(graph, size).map(([label, text]) => `  ${label.padEnd(16)}  ${text}`),
    '',
    drawing(graph),
  ].join('\n');
}

/** `edge-unet {widths: [8, 16], ...}` */
export function describeNetwork({ kind, ...settings }: NetworkConfig): string {
  const style = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;
  return `${kind} ${YAML.stringify(settings, style).trim()}`;
}

function costs(graph: Graph, { width, height }: Size): [string, string][] {
  const count = parameters(graph);
  const macs = macsPerPixel(graph);
  const scale = enlargement(graph);
  const align = (length: number) => Math.ceil(length / graph.alignment) * graph.alignment;
  const sides = [...new Set(tiles.map(align))];
  const memory = sides.map((side) => `${side}x${side} ${bytes(peakMemory(graph, side, side))}`);
  const output = scale > 1 ? `, ${scale} times as large out` : '';
  return [
    ['parameters', `${whole(count)} (${bytes(4 * count)} in float32, half of that in float16)`],
    ['MACs per pixel', `${whole(macs)}; ${giga(macs * align(width) * align(height))} at ${width}x${height}`],
    [
      'input',
      `RGB, ${graph.alignment > 1 ? `sides padded to multiples of ${graph.alignment}` : 'any size'}${output}`,
    ],
    ['receptive field', reach(receptiveField(graph))],
    ['memory of a tile', memory.join(', ')],
  ];
}

function reach({ before, after }: ReceptiveField): string {
  if (!Number.isFinite(before)) return 'the whole photograph';
  return before === after ? `${before} pixels to every side` : `${before} pixels before, ${after} after`;
}

/** The parts of a network, drawn in a column for each resolution. */
export function drawing(graph: Graph): string {
  const parts = outline(graph);
  const levels = [...new Set(parts.map(({ stride }) => stride))].sort((a, b) => a - b);
  const total = macsPerPixel(graph);
  const most = Math.max(...parts.map(({ macs }) => macs));
  const columns = [
    levels.map(levelName),
    ...parts.map((part) => levels.map((level) => mark(part, level))),
  ].map((cells) => cells.map((cell) => cell.padStart(3).padEnd(5)).join(''));
  const rows = parts.map((part) => [
    part.name,
    part.blocks > 1 ? `×${part.blocks}` : '',
    whole(part.channels),
    part.parameters ? whole(part.parameters) : '',
    part.macs ? percent(part.macs / total) : '',
    part.macs ? bar(part.macs / most) : '',
    remarks(part),
  ]);
  const table = tabulate(
    [['', '', 'channels', 'parameters', 'MACs', '', ''], ...rows],
    [false, false, true, true, true, false, false],
  );
  return table.map((line, row) => `${columns[row]}${line}`.trimEnd()).join('\n');
}

/** Every node of a network, a line each. */
export function layerTable(graph: Graph): string {
  const total = macsPerPixel(graph);
  const rows = layersOf(graph).map((layer, index) => [
    String(index),
    layer.name,
    layer.kind === layer.name ? '' : layer.kind,
    layer.inputs.join(' '),
    whole(layer.channels),
    Number.isFinite(layer.stride) ? levelName(layer.stride) : 'global',
    layer.parameters ? whole(layer.parameters) : '',
    layer.macs ? percent(layer.macs / total) : '',
  ]);
  const head = ['node', 'name', 'kind', 'reads', 'channels', 'size', 'parameters', 'MACs'];
  return tabulate([head, ...rows], [true, false, false, false, true, true, true, true]).join('\n');
}

/** What a part's layers are, how often it runs, and what else it reads. */
function remarks({ name, content, passes, skips }: Part): string {
  const words = content === name ? [] : [shorten(content)];
  if (passes > 1) words.push(`(${passes} times)`);
  return [...words, ...skips.map((skip) => `← ${skip}`)].join(' ');
}

/** A dot where a part works, a line where features of that resolution wait to be read. */
function mark({ stride, waiting }: Part, level: number): string {
  if (stride === level) return '●';
  return waiting.has(level) ? '│' : '';
}

/** Columns as wide as their widest cell, two spaces apart. */
function tabulate(rows: string[][], right: boolean[]): string[] {
  const widths = right.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** 1/4 of the photograph's width, or twice as wide. */
function levelName(stride: number): string {
  return stride < 1 ? `×${Math.round(1 / stride)}` : stride === 1 ? '1' : `1/${stride}`;
}

const barWidth = 10;

/** A bar of up to ten cells, to an eighth of a cell. */
function bar(share: number): string {
  const eighths = Math.max(1, Math.round(share * barWidth * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (eighths % 8 ? '▏▎▍▌▋▊▉'[(eighths % 8) - 1] : '');
}

const longestContent = 50;

function shorten(text: string): string {
  return text.length > longestContent ? `${text.slice(0, text.lastIndexOf(', ', longestContent))}, …` : text;
}

const whole = (value: number) => Math.round(value).toLocaleString('en');
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const giga = (value: number) => `${(value / 1e9).toLocaleString('en', { maximumSignificantDigits: 3 })} G`;

function bytes(value: number): string {
  if (value < 2 ** 20) return `${Math.ceil(value / 2 ** 10)} KiB`;
  return value < 2 ** 30 ? `${(value / 2 ** 20).toFixed(1)} MiB` : `${(value / 2 ** 30).toFixed(1)} GiB`;
}
