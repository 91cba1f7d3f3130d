import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Model, Random, type Raster, type Restoring } from '@pellucid/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EngineName, openEngine } from '../engine/index.ts';
import { writeImage } from '../image-file.ts';
import { loadReleased } from '../released.ts';
import { handOf, type JobReport, planJobs, restoreFiles } from './files.ts';
import { type Open, openRestorer } from './remedies.ts';
import { openThreads, sharedOut, threadsWorth } from './threads.ts';

let denoise: Model;
let threads: Open[];
let close: () => Promise<void>;
beforeAll(async () => {
  await openEngine('wasm');
  denoise = await loadReleased('denoise');
  ({ threads, close } = await openThreads(3, 'wasm'));
});
afterAll(() => close());

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-threads-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A grey wall, under noise. */
function noisy(width: number, height: number): Raster {
  const random = new Random(1);
  const data = Uint8Array.from({ length: width * height * 3 }, () => 128 + 25 * random.normal());
  return { width, height, channels: 3, data };
}

/** One that takes a second or so. */
const large: Raster = { width: 2000, height: 3000, channels: 3, data: new Uint8Array(18e6) };

/** The most that two rasters of one size differ, in grey levels. */
const apart = (a: Raster, b: Raster) =>
  Array.from(a.data, (value, i) => Math.abs(value - b.data[i]!)).reduce((x, y) => Math.max(x, y));

describe('a thread', () => {
  it('makes what this one does, a photograph after the other, and leaves it as it was', async () => {
    const [here, there] = [openRestorer(denoise), threads[0]!(denoise)];
    for (const photograph of [noisy(64, 48), noisy(48, 64)]) {
      const told: string[] = [];
      const restored = await there.restore(photograph, {
        onProgress: (done, all) => told.push(`${done}/${all}`),
      });
      expect(apart(restored, await here.restore(photograph))).toBe(0);
      expect(told.at(-1)).toBe('1/1');
      expect(photograph.data.length).toBe(64 * 48 * 3);
    }
    here.dispose();
  });

  it('passes on what cannot be restored, with its code, and goes on', async () => {
    const there = threads[0]!(denoise);
    await expect(there.restore({ ...noisy(8, 8), width: 9 })).rejects.toMatchObject({
      name: 'PellucidError',
      code: 'restore/bad-raster',
    });
    expect((await there.restore(noisy(8, 8))).width).toBe(8);
  });

  it('hears a stop within a photograph, and takes the next one', async () => {
    const [there, stop] = [threads[0]!(denoise), new AbortController()];
    const work = there.restore(large, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    expect((await there.restore(noisy(8, 8))).width).toBe(8);
  });

  it('that cannot start says how to do without', async () => {
    await expect(openThreads(2, 'abacus' as EngineName)).rejects.toMatchObject({
      code: 'restore/thread-failed',
      message: expect.stringContaining('--workers 1'),
      cause: expect.stringContaining('abacus'),
    });
  });
});

describe('threads together', () => {
  it('share the rows of one photograph', async () => {
    const [together, ...others] = sharedOut(threads, 1);
    expect(others).toEqual([]);
    const here = openRestorer(denoise);
    const photograph = noisy(40, 900);
    const restored = await together!(denoise).restore(photograph);
    expect(apart(restored, await here.restore(photograph))).toBeLessThanOrEqual(1);
    here.dispose();
  });

  it('are given to photographs evenly, one each where there are more of those', () => {
    const opened: number[] = [];
    const stub = (name: number): Open => {
      return () => {
        opened.push(name);
        return {} as Restoring;
      };
    };
    const stubs = [0, 1, 2, 3, 4].map(stub);
    const groups = (photographs: number) =>
      sharedOut(stubs, photographs).map((open) => {
        opened.length = 0;
        open(denoise);
        return opened.join('');
      });
    expect(groups(1)).toEqual(['01234']);
    expect(groups(2)).toEqual(['024', '13']);
    expect(groups(9)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('restore a folder, say what became of each file, and stop within one, leaving nothing behind', async () => {
    for (const name of ['a.png', 'b.png', 'd.png']) await writeImage(at('in', name), noisy(64, 48));
    await writeFile(at('in', 'c.png'), 'broken');
    const jobs = await planJobs(at('in'), at('out'));
    const stop = new AbortController();
    const hands = (overwrite: boolean) =>
      sharedOut(threads, jobs.length).map((open) => {
        const restorer = open(denoise);
        return handOf(() => ({ restorer }), { overwrite }, stop.signal);
      });
    const reports = new Map<string, JobReport>();
    const onReport = (report: JobReport) => void reports.set(path.basename(report.job.input), report);
    await restoreFiles(jobs, hands(false), onReport, () => {});
    expect(['a.png', 'b.png', 'd.png'].map((name) => reports.get(name)!.result)).toEqual(
      Array(3).fill('restored'),
    );
    expect(reports.get('c.png')!.result).toMatchObject({ code: 'image/unreadable' });

    await rm(at('out'), { recursive: true });
    reports.clear();
    await writeImage(at('in', 'a.png'), large);
    const work = restoreFiles(jobs.slice(0, 1), hands(true), onReport, () => stop.abort());
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    expect(reports.size).toBe(0);
    expect(await readdir(at())).toEqual(['in']);
  });
});

describe('threadsWorth', () => {
  it('is one for each photograph, more for large ones, and never more than there is room for', async () => {
    await writeImage(at('small.png'), noisy(64, 48));
    await writeImage(at('large.png'), large);
    await writeFile(at('broken.png'), 'broken');
    const jobs = (...names: string[]) => names.map((name) => ({ input: at(name), output: at('out.png') }));
    expect(await threadsWorth(jobs('small.png'), 8)).toBe(1);
    expect(await threadsWorth(jobs('large.png'), 8)).toBe(3);
    expect(await threadsWorth(jobs('large.png', 'small.png', 'broken.png'), 8)).toBe(5);
    expect(await threadsWorth(jobs('large.png'), 2)).toBe(2);
    expect(await threadsWorth(jobs('gone.png', 'gone.png', 'gone.png'), 2)).toBe(2);
  });
});
