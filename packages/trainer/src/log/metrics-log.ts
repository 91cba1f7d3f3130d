import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Observer } from '../events.ts';

/**
 * Writes every scalar of a run to a file of JSON lines, `{"step":20,"time":1700000000000,"loss":0.03,…}`, time in
 * milliseconds since 1970. Where a run continues, lines of steps that a kill undid are dropped.
 */
export function metricsLog(file: string): Observer {
  return (event) => {
    if (event.kind === 'start') writeFileSync(file, linesUpTo(event.step, file));
    if (event.kind !== 'scalars') return;
    appendFileSync(file, `${JSON.stringify({ step: event.step, time: Date.now(), ...event.values })}\n`);
  };
}

function linesUpTo(step: number, file: string): string {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines
    .filter((line) => stepOf(line) <= step)
    .map((line) => `${line}\n`)
    .join('');
}

/** NaN, which is no step, for a line that a kill cut short. */
function stepOf(line: string): number {
  try {
    return JSON.parse(line).step;
  } catch {
    return Number.NaN;
  }
}
