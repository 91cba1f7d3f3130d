import type { Statistic } from '../statistics.ts';

/** How figures look in every report, so that Markdown and HTML agree. */
export const count = (value: number) => Math.round(value).toLocaleString('en-US');
export const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
export const decibels = (value: number | null) => value?.toFixed(2) ?? 'no difference';
export const similarity = (value: number | null) => value?.toFixed(4) ?? '';
export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(2)} MB`;
}

/** The interval of a mean, `30.42 .. 31.27`. */
export function interval({ low, high }: Statistic, format: (value: number | null) => string): string {
  return low === null ? '' : `${format(low)} .. ${format(high)}`;
}

/** Multiply-accumulates in the unit that keeps three figures readable. */
export function macs(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(1)} k`;
}
