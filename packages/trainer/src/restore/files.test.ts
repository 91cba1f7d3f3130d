import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildNetwork,
  initialWeights,
  type NetworkConfig,
  Random,
  type Raster,
  Restorer,
} from '@pellucid/core';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from '../engine/index.ts';
import { readImage, writeImage } from '../image-file.ts';
import { type Hand, type Job, planJobs, restoreFile, restoreFiles } from './files.ts';

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-restore-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A picture in which no two pixels are alike. */
function picture(width: number, height: number, channels: 3 | 4, white: 255 | 65535): Raster {
  const values = Array.from({ length: width * height * channels }, (_, i) => (i * 7919) % (white + 1));
  return {
    width,
    height,
    channels,
    data: white === 255 ? Uint8Array.from(values) : Uint16Array.from(values),
  };
}

describe('an image file', () => {
  it('keeps every value of 8-bit, 16-bit and transparent pictures in PNG and TIFF', async () => {
    for (const ending of ['png', 'tiff'])
      for (const channels of [3, 4] as const)
        for (const white of [255, 65535] as const) {
          const image = picture(7, 5, channels, white);
          await writeImage(at(`picture.${ending}`), image);
          expect(await readImage(at(`picture.${ending}`)), `${ending} ${channels} ${white}`).toEqual(image);
        }
  });

  it('is turned upright, and grey becomes RGB', async () => {
    const raw = { width: 2, height: 1, channels: 1 } as const;
    await sharp(Uint8Array.of(10, 200), { raw })
      .png()
      .withMetadata({ orientation: 6 })
      .toFile(at('turned.png'));
    const image = await readImage(at('turned.png'));
    expect([image.width, image.height, image.channels]).toEqual([1, 2, 3]);
    expect([...image.data]).toEqual([10, 10, 10, 200, 200, 200]);
  });

  it('that is no image is an error that names it', async () => {
    await writeFile(at('broken.png'), 'nothing');
    await expect(readImage(at('broken.png'))).rejects.toMatchObject({
      code: 'image/unreadable',
      message: expect.stringContaining('broken.png'),
    });
  });
});

describe('writeImage', () => {
  it('says which format to take where one holds no picture so large', async () => {
    const wide: Raster = { width: 16384, height: 1, channels: 3, data: new Uint8Array(3 * 16384) };
    await writeImage(at('wide.png'), wide);
    await expect(writeImage(at('wide.webp'), wide)).rejects.toMatchObject({
      code: 'image/not-encoded',
      message: expect.stringContaining('wide.webp cannot hold 16384 x 1 pixels'),
    });
    expect(await readdir(folder)).toEqual(['wide.png']);
  });
});

describe('planJobs', () => {
  it('takes a file to a file, a file into a folder, and a folder with all below it', async () => {
    await mkdir(at('in', 'deep'), { recursive: true });
    await mkdir(at('there'));
    for (const file of ['in/b.JPG', 'in/deep/a.png', 'in/notes.txt']) await writeFile(at(file), '');
    expect(await planJobs(at('in/b.JPG'), at('c.png'))).toEqual([
      { input: at('in/b.JPG'), output: at('c.png') },
    ]);
    expect(await planJobs(at('in/b.JPG'), at('there'))).toEqual([
      { input: at('in/b.JPG'), output: at('there/b.JPG') },
    ]);
    expect(await planJobs(at('in'), at('out'))).toEqual([
      { input: at('in/b.JPG'), output: at('out/b.JPG') },
      { input: at('in/deep/a.png'), output: at('out/deep/a.png') },
    ]);
  });

  it('refuses what it cannot do, before any work', async () => {
    await mkdir(at('empty'));
    await writeFile(at('a.png'), '');
    const code = (input: string, output: string) =>
      planJobs(at(input), at(output)).then(
        () => 'no error',
        (error) => error.code,
      );
    expect(await code('missing', 'out')).toBe('restore/no-input');
    expect(await code('empty', 'out')).toBe('restore/no-images');
    expect(await code('a.png', 'a.png')).toBe('restore/same-file');
    expect(await code('a.png', 'a.gif')).toBe('restore/unknown-format');
  });
});

describe('restoreFile', () => {
  beforeAll(async () => void (await openEngine('wasm')));

  it('restores what is new, keeps what is there, reports what is broken, and leaves no unfinished file', async () => {
    const network: NetworkConfig = { kind: 'edge-unet', widths: [8], encoder: [0], decoder: [] };
    const graph = buildNetwork(network);
    const weights = initialWeights(graph, new Random(1));
    const restorer = new Restorer({ name: 'test', task: 'denoise', network, graph, weights });
    await mkdir(at('in'));
    await mkdir(at('out'));
    for (const name of ['a.png', 'c.png']) await writeImage(at('in', name), picture(20, 10, 4, 255));
    await writeFile(at('in', 'b.png'), 'broken');
    await writeFile(at('out', 'c.png'), 'done before');

    const reports = [];
    const jobs = await planJobs(at('in'), at('out'));
    for (const job of jobs)
      reports.push((await restoreFile(() => ({ restorer }), job, { overwrite: false })).result);
    restorer.dispose();
    expect(reports).toEqual(['restored', expect.objectContaining({ code: 'image/unreadable' }), 'skipped']);
    // An untrained network changes nothing.
    expect(await readImage(at('out', 'a.png'))).toEqual(picture(20, 10, 4, 255));
    expect(await readFile(at('out', 'c.png'), 'utf8')).toBe('done before');
    expect((await readdir(at('out'))).sort()).toEqual(['a.png', 'c.png']);

    // A result that cannot be written is a report too, and costs the others nothing: `in/a.png` is no folder.
    const blocked = { input: at('in', 'a.png'), output: at('in', 'a.png', 'x.png') };
    const again = new Restorer({ name: 'test', task: 'denoise', network, graph, weights });
    const { result } = await restoreFile(() => ({ restorer: again }), blocked, { overwrite: false });
    expect(result).toMatchObject({ code: 'file/not-written' });
    again.dispose();
  });

  it('copies what needs nothing, byte for byte where the format stays, and says what was found', async () => {
    const image = picture(20, 10, 4, 65535);
    await writeImage(at('a.png'), image);
    const jobs = ['b.png', 'b.tiff'].map((name) => ({ input: at('a.png'), output: at(name) }));
    const seen: Raster[] = [];
    const nothing = (photograph: Raster) => {
      seen.push(photograph);
      return { found: 'nothing to mend' };
    };
    for (const job of jobs)
      expect(await restoreFile(nothing, job, { overwrite: false })).toEqual({
        job,
        result: 'copied',
        found: 'nothing to mend',
      });
    expect(seen).toEqual([image, image]);
    expect(await readFile(at('b.png'))).toEqual(await readFile(at('a.png')));
    expect(await readImage(at('b.tiff'))).toEqual(image);
  });
});

describe('restoreFiles', () => {
  const jobs: Job[] = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ input: name, output: name }));
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

  it('gives each job to one hand, the next to whoever is free, and says how far it is', async () => {
    const took: string[] = [];
    const hand = (name: string, turns: number): Hand => {
      return async (job, onProgress) => {
        took.push(`${name}${job.input}`);
        for (let i = 1; i <= turns; i++) {
          await turn();
          onProgress(i / turns);
        }
        return { job, result: 'restored' };
      };
    };
    const done: string[] = [];
    const shares: number[] = [];
    await restoreFiles(
      jobs,
      [hand('quick ', 1), hand('slow ', 50)],
      ({ job }) => done.push(job.input),
      (share) => shares.push(share),
    );
    expect(took).toEqual(['quick a', 'slow b', 'quick c', 'quick d', 'quick e']);
    expect(done).toEqual(['a', 'c', 'd', 'e', 'b']);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('takes nothing new when a hand fails, but has the others end what they are at', async () => {
    const done: string[] = [];
    const failing: Hand = () => Promise.reject(new Error('broken'));
    const working: Hand = async (job) => {
      await turn();
      return { job, result: 'restored' };
    };
    const report = ({ job }: { job: Job }) => done.push(job.input);
    await expect(restoreFiles(jobs, [working, failing], report, () => {})).rejects.toThrow('broken');
    expect(done).toEqual(['a']);
  });
});
