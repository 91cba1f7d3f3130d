import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Random } from '@pellucid/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeImage } from '../image-file.ts';
import { type JobReport, planJobs, restoreFiles } from './files.ts';
import { openThreads, type ThreadSetup } from './threads.ts';

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-threads-'));
});
afterEach(() => rm(folder, { recursive: true }));

const setup: ThreadSetup = { engine: 'wasm', choice: { task: 'denoise' }, options: { overwrite: false } };

/** A grey wall, under noise. */
function noisy(width: number, height: number) {
  const random = new Random(1);
  const data = Uint8Array.from({ length: width * height * 3 }, () => 128 + 25 * random.normal());
  return { width, height, channels: 3, data } as const;
}

async function restored(threads: number, into: string, signal = new AbortController().signal) {
  const reports = new Map<string, JobReport>();
  const jobs = await planJobs(at('in'), at(into));
  const { hands, close } = await openThreads(threads, setup, signal);
  const onReport = (report: JobReport) => void reports.set(path.basename(report.job.input), report);
  await restoreFiles(jobs, hands, onReport, () => {}).finally(close);
  return reports;
}

test('threads make the same files as one does, and say of each what became of it', async () => {
  for (const name of ['a.png', 'b.png', 'd.png']) await writeImage(at('in', name), noisy(64, 48));
  await writeFile(at('in', 'c.png'), 'broken');
  const reports = await restored(3, 'out');
  expect(['a.png', 'b.png', 'd.png'].map((name) => reports.get(name)!.result)).toEqual(
    Array(3).fill('restored'),
  );
  expect(reports.get('c.png')!.result).toMatchObject({
    code: 'image/unreadable',
    message: expect.stringContaining('c.png'),
    cause: expect.stringContaining('format'),
  });
  await restored(1, 'alone');
  expect(await readFile(at('out', 'a.png'))).toEqual(await readFile(at('alone', 'a.png')));
});

test('a stop is heard within a photograph, and leaves nothing behind', async () => {
  const large = { width: 3000, height: 2000, channels: 3, data: new Uint8Array(18e6) } as const;
  for (const name of ['a.png', 'b.png', 'c.png']) await writeImage(at('in', name), large);
  const stop = new AbortController();
  const jobs = await planJobs(at('in'), at('out'));
  const { hands, close } = await openThreads(2, setup, stop.signal);
  const reports: JobReport[] = [];
  const work = restoreFiles(
    jobs,
    hands,
    (report) => reports.push(report),
    () => stop.abort(),
  );
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  await close();
  expect(reports).toEqual([]);
  expect(await readdir(at())).toEqual(['in']);
});

test('a thread that cannot start says how to do without', async () => {
  const wrong: ThreadSetup = { ...setup, choice: { task: 'dehaze' } };
  await expect(openThreads(2, wrong, new AbortController().signal)).rejects.toMatchObject({
    code: 'restore/thread-failed',
    message: expect.stringContaining('--workers 1'),
    cause: expect.stringContaining('dehaze'),
  });
});
