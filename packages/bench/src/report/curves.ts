import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError } from '@pellucid/core';
import type { Line } from './plots.ts';

/** What a training run logged: its loss, and its PSNR where it validated. */
export interface Curve {
  name: string;
  loss: Line['points'];
  psnr: Line['points'];
}

/**
 * Reads a run's `metrics.jsonl`.
 *
 * @param run the run's folder
 * @throws PellucidError `bench/no-run` when it is not there or holds no loss
 */
export async function readCurve(run: string): Promise<Curve> {
  const file = path.join(run, 'metrics.jsonl');
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new PellucidError(
      'bench/no-run',
      `There is no ${file}: --run takes the folders of training runs.`,
      {
        cause,
      },
    );
  });
  const lines = text.split('\n').flatMap(parsed);
  const series = (key: string) =>
    lines.flatMap((line): [number, number][] => {
      const value = line[key];
      return typeof value === 'number' && typeof line.step === 'number' && value > 0
        ? [[line.step, value]]
        : [];
    });
  const loss = series('loss');
  if (loss.length < 2)
    throw new PellucidError('bench/no-run', `${file} holds no curve: ${loss.length} steps with a loss.`);
  return { name: path.basename(path.resolve(run)), loss: thinned(loss), psnr: series('validation/psnr') };
}

/** At most 300 points, each the mean of as many as it stands for: a plot shows no more, and less of the noise. */
function thinned(points: [number, number][]): [number, number][] {
  const each = Math.ceil(points.length / 300);
  return Array.from({ length: Math.ceil(points.length / each) }, (_, index) => {
    const group = points.slice(index * each, (index + 1) * each);
    return [group.at(-1)![0], group.reduce((sum, [, value]) => sum + value, 0) / group.length];
  });
}

/** The last line of a run that is still going may be half written. */
function parsed(line: string): Record<string, unknown>[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
