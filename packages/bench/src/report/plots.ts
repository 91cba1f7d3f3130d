import { decibels, macs } from './format.ts';
import { escapeHtml } from './html-text.ts';

/** A point of a plot of quality against cost. */
export interface Point {
  name: string;
  macs: number;
  psnr: number;
}

const width = 560;
const height = 300;
const frame = { left: 60, right: 26, top: 14, bottom: 40 };

/** PSNR against multiply-accumulates, the latter on a logarithmic axis, as an SVG. At least one point. */
export function costPlot(points: readonly Point[]): string {
  const x = logarithmic(points.map((point) => point.macs));
  // Ticks are printed to the hundredth of a decibel.
  const y = linear(
    points.map(({ psnr }) => psnr),
    'height',
    0.01,
  );
  const marks = labelled(points.map((point) => ({ ...point, x: x.at(point.macs), y: y.at(point.psnr) })));
  const body = marks.map(
    ({ name, x: left, y: top, labelY, anchor, labelX }) => `
<circle class="dot" cx="${left}" cy="${top}" r="4"/>
<text class="label" x="${labelX}" y="${labelY}" text-anchor="${anchor}">${escapeHtml(name)}</text>`,
  );
  return svg('PSNR against multiply-accumulates', [
    axes(x, y, 'MACs per input pixel', 'PSNR (dB)', macs, decibels),
    ...body,
  ]);
}

/** A line of a plot: its name and its points from left to right. */
export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/**
 * Lines over steps as a figure that names them; on a logarithmic axis where they span more than a decade. At least one
 * line with two points, all above 0.
 */
export function linePlot(lines: readonly Line[], what: string): string {
  const all = lines.flatMap(({ points }) => points);
  const x = linear(
    all.map(([step]) => step),
    'width',
  );
  const values = all.map(([, value]) => value);
  const decades = Math.log10(Math.max(...values) / Math.min(...values));
  const y = decades > 1 ? logarithmic(values, 'height') : linear(values);
  const body = lines.map(({ points }, index) => {
    const path = points
      .map(([step, value]) => `${x.at(step).toFixed(1)},${y.at(value).toFixed(1)}`)
      .join(' ');
    return `<polyline class="curve" points="${path}" stroke="${colour(index)}"/>`;
  });
  const names = lines.map(
    ({ name }, index) => `<span style="color:${colour(index)}">&#9632;</span> ${escapeHtml(name)}`,
  );
  const plain = (value: number) => String(Number(value.toPrecision(4)));
  const axis = axes(x, y, 'step', what, (step) => step.toLocaleString('en-US'), plain);
  return `<figure>${svg(what, [axis, ...body])}<figcaption>${names.join(' &ensp; ')}</figcaption></figure>`;
}

/** Told apart by hue, a golden angle from one to the next. */
function colour(index: number): string {
  return `hsl(${(212 + 137 * index) % 360} 55% 50%)`;
}

interface Axis {
  at(value: number): number;
  ticks: number[];
}

function span(direction: 'width' | 'height'): [number, number] {
  return direction === 'width' ? [frame.left, width - frame.right] : [height - frame.bottom, frame.top];
}

/** @param finest the smallest step from tick to tick */
function linear(values: readonly number[], direction: 'width' | 'height' = 'height', finest = 0): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = Math.max(finest, tidyStep((high - low || 1) / 5));
  const from = Math.floor(low / step) * step;
  const to = Math.max(Math.ceil(high / step) * step, from + step);
  const [start, end] = span(direction);
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
  return { ticks, at: (value) => start + ((value - from) / (to - from)) * (end - start) };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function tidyStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least)!;
}

function logarithmic(values: readonly number[], direction: 'width' | 'height' = 'width'): Axis {
  const logs = values.map((value) => Math.log10(value));
  const low = Math.min(...logs) - 0.12;
  const high = Math.max(...logs) + 0.12;
  const [start, end] = span(direction);
  const factors = high - low > 2.5 ? [1] : high - low > 0.9 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++)
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  return { ticks, at: (value) => start + ((Math.log10(value) - low) / (high - low)) * (end - start) };
}

function axes(
  x: Axis,
  y: Axis,
  xName: string,
  yName: string,
  xText: (value: number) => string,
  yText: (value: number) => string,
): string {
  const right = width - frame.right;
  const bottom = height - frame.bottom;
  return [
    ...y.ticks.map(
      (tick) => `<line class="axis" x1="${frame.left}" x2="${right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/>
<text class="tick" x="${frame.left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${yText(tick)}</text>`,
    ),
    ...x.ticks.map(
      (tick) =>
        `<text class="tick" x="${x.at(tick)}" y="${bottom + 16}" text-anchor="middle">${xText(tick)}</text>`,
    ),
    `<text class="tick" x="${(frame.left + right) / 2}" y="${height - 6}" text-anchor="middle">${xName}</text>`,
    `<text class="tick" x="11" y="${(frame.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 11 ${(frame.top + bottom) / 2})">${yName}</text>`,
  ].join('\n');
}

/** Names beside their points, moved apart where two would lie on each other. */
function labelled<T extends { x: number; y: number }>(
  points: readonly T[],
): (T & { labelX: number; labelY: number; anchor: 'start' | 'end' })[] {
  const placed: { x: number; y: number }[] = [];
  return [...points]
    .sort((a, b) => a.y - b.y)
    .map((point) => {
      const anchor = point.x > width * 0.7 ? 'end' : 'start';
      let labelY = point.y + 4;
      while (placed.some(({ x, y }) => Math.abs(x - point.x) < 130 && Math.abs(y - labelY) < 12)) labelY += 6;
      placed.push({ x: point.x, y: labelY });
      return { ...point, anchor, labelX: point.x + (anchor === 'end' ? -9 : 9), labelY };
    });
}

function svg(title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('\n')}</svg>`;
}
