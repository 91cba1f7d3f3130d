import type { Task } from '../src/bundled.ts';
import type { Outcome } from './outcome.ts';

/** What the page tells the engine: to restore a file, or to stop doing so. */
export type Order = { file: Blob; task: Task } | 'stop';

/** What the engine answers. */
export type Answer =
  | { doing: string; share?: number }
  | { outcome: Omit<Outcome, 'milliseconds'> }
  | { trouble: string }
  | 'stopped';
