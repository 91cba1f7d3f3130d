import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompressionRow, QualityTable, Report, SpeedRow } from '../report/schema.ts';
import { changeTable, compareReports, readReport } from './compare.ts';

const tolerances = { quality: 0.05, speed: 1.5 };
const statistic = (mean: number | null, n = 68) => ({ mean, deviation: 1, low: mean, high: mean, n });

const table = (psnr: number | null, n?: number): QualityTable => {
  const averaged = { psnr: statistic(psnr, n), ssim: statistic(0.9, n) };
  return {
    task: 'denoise',
    dataset: 'CBSD68',
    condition: 'sigma 25',
    protocol: '',
    source: '',
    seed: 0,
    expected: 68,
    measured: 68,
    input: averaged,
    rows: [{ candidate: 'small', output: averaged, millisecondsPerMegapixel: 1, images: [], skipped: [] }],
    absent: [],
  };
};
const cost = { parameters: 100, macsPerPixel: 50, macs: 5000, bytes32: 400, bytes16: 200 };
const cut = (student: Partial<typeof cost>): CompressionRow => ({
  model: 'small',
  teacher: 'teacher',
  size: { width: 10, height: 10 },
  student: { ...cost, ...student },
  compared: cost,
  parametersCut: 0.9,
  macsCut: 0.9,
  floor: 0.8,
  passed: true,
});
const timed = (yardsticksPerMegapixel: number): SpeedRow => ({
  model: 'small',
  runtime: 'node',
  version: 'Node 24',
  width: 512,
  height: 512,
  millisecondsPerMegapixel: 1000,
  runs: 5,
  coldStartMilliseconds: 100,
  wasmBytes: 1,
  heapBytes: null,
  yardsticksPerMegapixel,
});

const report = (parts: Partial<Report>): Report => ({
  schema: 'pellucid-bench/2',
  command: 'pnpm bench',
  made: '2026-01-01T00:00:00.000Z',
  commit: null,
  machine: { node: '24', platform: 'linux-x64', cpu: 'x', cores: 2, engine: 'wasm' },
  ...parts,
});
const worse = (base: Partial<Report>, head: Partial<Report>) =>
  compareReports(report(base), report(head), tolerances).flatMap(({ what, worse }) =>
    worse ? [`${what}: ${worse}`] : [],
  );

describe('compareReports', () => {
  it('lets quality fall by the tolerance and no more', () => {
    expect(worse({ quality: [table(30)] }, { quality: [table(29.951)] })).toEqual([]);
    expect(worse({ quality: [table(30)] }, { quality: [table(31)] })).toEqual([]);
    expect(worse({ quality: [table(30)] }, { quality: [table(29.94)] })).toEqual([
      'small on CBSD68, sigma 25: 0.060 dB less',
    ]);
    expect(worse({ quality: [table(null)] }, { quality: [table(60)] })).toHaveLength(1);
    expect(worse({ quality: [table(null)] }, { quality: [table(null)] })).toEqual([]);
  });

  it('lets no cost rise at all', () => {
    expect(worse({ compression: [cut({})] }, { compression: [cut({ parameters: 99 })] })).toEqual([]);
    expect(worse({ compression: [cut({})] }, { compression: [cut({ bytes16: 201 })] })).toEqual([
      'bytes16 of small: more',
    ]);
  });

  it('compares time in yardsticks', () => {
    const slow = { ...timed(10), millisecondsPerMegapixel: 9000 };
    expect(
      worse({ speed: { rows: [timed(10)], absent: [] } }, { speed: { rows: [slow], absent: [] } }),
    ).toEqual([]);
    expect(
      worse({ speed: { rows: [timed(10)], absent: [] } }, { speed: { rows: [timed(15.1)], absent: [] } }),
    ).toEqual(['time of small in node: 1.51 times as long']);
  });

  it('takes what is gone, or was measured on other images, as worse', () => {
    const base = { quality: [table(30)], compression: [cut({})], speed: { rows: [timed(1)], absent: [] } };
    expect(worse(base, {})).toHaveLength(3);
    expect(worse({ quality: [table(30)] }, { quality: [table(30, 5)] })).toEqual([
      'small on CBSD68, sigma 25: measured on other images',
    ]);
    expect(worse({}, base)).toEqual([]);
  });

  it('is told in a table that begins with what got worse', () => {
    const base = report({ quality: [table(30)], compression: [cut({})] });
    const head = report({ quality: [table(30)], compression: [cut({ bytes16: 201 })] });
    const lines = changeTable(compareReports(base, head, tolerances), tolerances).split('\n');
    expect(lines[0]).toBe('## 1 of 4 got worse');
    expect(lines[4]).toBe('| bytes16 of small | 200 | 201 | **more** |');
  });
});

describe('readReport', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pellucid-report-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads a file or the folder that holds report.json', async () => {
    const file = path.join(folder, 'report.json');
    await writeFile(file, JSON.stringify(report({})));
    expect(await readReport(folder)).toEqual(report({}));
    expect(await readReport(file)).toEqual(report({}));
  });

  it.each([
    ['nothing there', undefined],
    ['no JSON', 'pellucid'],
    ['another version', JSON.stringify({ ...report({}), schema: 'pellucid-bench/1' })],
  ])('refuses %s', async (_, text) => {
    const file = path.join(folder, 'bad.json');
    if (text !== undefined) await writeFile(file, text);
    await expect(readReport(file)).rejects.toMatchObject({
      code: 'bench/no-report',
      message: expect.stringContaining('bad.json is no report of pnpm bench: '),
    });
  });
});
