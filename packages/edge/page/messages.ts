import type { Raster } from '@pellucid/core';
import type { Outcome } from './outcome.ts';

/** What the page tells the engine: to restore a file, or to stop doing so. Answers bear the order's number. */
export type Order = { id: number; file: Blob; task: string } | 'stop';

/** What the engine answers. */
export type Answer = { id: number } & (
  | { doing: string; share?: number }
  | { outcome: Omit<Outcome, 'milliseconds'> }
  | { trouble: string }
  | { stopped: true }
);

/** What the engine tells a thread beside it: to restore a band of a photograph, or to stop doing so. */
export type BandOrder = { task: string; image: Raster } | 'stop';

/** What that thread answers. */
export type BandAnswer = { done: number; total: number } | { restored: Raster } | { failed: string };
