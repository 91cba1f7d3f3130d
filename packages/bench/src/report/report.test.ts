import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCurve } from './curves.ts';
import { bytes, macs } from './format.ts';
import { sections } from './markdown.ts';
import { markdownTable } from './markdown-table.ts';
import { costPlot, linePlot } from './plots.ts';
import type { Report } from './schema.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-run-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readCurve', () => {
  it('reads loss and validation, and overlooks a half-written last line', async () => {
    const lines = [
      { step: 10, loss: 0.5 },
      { step: 20, loss: 0.25 },
      { step: 20, 'validation/psnr': 30 },
    ];
    const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"step": 30, "lo`;
    await writeFile(path.join(folder, 'metrics.jsonl'), text);
    expect(await readCurve(folder)).toEqual({
      name: path.basename(folder),
      loss: [
        [10, 0.5],
        [20, 0.25],
      ],
      psnr: [[20, 30]],
    });
  });

  it('draws no more points than a plot shows', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => JSON.stringify({ step: i + 1, loss: 1 + (i % 2) }));
    await writeFile(path.join(folder, 'metrics.jsonl'), lines.join('\n'));
    const { loss } = await readCurve(folder);
    expect(loss).toHaveLength(250);
    expect(loss[0]).toEqual([4, 1.5]);
  });

  it('says what it wants where there is no run', async () => {
    await expect(readCurve(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'bench/no-run' });
  });
});

describe('plots', () => {
  const inside = (svg: string) =>
    [...svg.matchAll(/c([xy])="([\d.]+)"/g)].every(
      ([, axis, value]) => Number(value) <= (axis === 'x' ? 560 : 300),
    );

  it('put better above worse and cheaper to the left', () => {
    const svg = costPlot([
      { name: 'small <1>', macs: 1e4, psnr: 30 },
      { name: 'large', macs: 1e6, psnr: 31 },
    ]);
    const points = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    // The names are placed from the top, so the better one comes first.
    expect(points[0]![0]).toBeGreaterThan(points[1]![0]!);
    expect(points[0]![1]).toBeLessThan(points[1]![1]!);
    expect(inside(svg)).toBe(true);
    expect(svg).toContain('small &lt;1&gt;');
  });

  it('draw equal values and a single line', () => {
    expect(costPlot([1, 2].map((n) => ({ name: `${n}`, macs: 1e4, psnr: 30 })))).not.toContain('NaN');
    const line = {
      name: 'run',
      points: [
        [0, 1e-3],
        [100, 1e-1],
      ] as const,
    };
    expect(linePlot([line], 'loss')).toMatch(/<polyline[^>]*points="[\d., ]+"/);
  });
});

it('writes figures in units that keep them short', () => {
  expect([macs(33_760), macs(2.2e6), macs(1.25e10)]).toEqual(['33.8 k', '2.20 M', '12.50 G']);
  expect([bytes(999), bytes(925_100), bytes(1.85e6), bytes(null)]).toEqual([
    '999 B',
    '925.1 kB',
    '1.85 MB',
    '',
  ]);
});

it('says of each figure of the service whether its target was met', () => {
  const service = [
    { what: 'quick', value: 99.6, unit: 'ms', target: 150 },
    { what: 'heavy', value: 4e6, unit: 'bytes', target: 3e6 },
  ] as const;
  const report = { speed: { rows: [], service, absent: [] } } as unknown as Report;
  const markdown = sections(report)[0]!.markdown;
  expect(markdown).toContain('| quick | 100 ms | 150 ms | met |');
  expect(markdown).toContain('| heavy | 4.00 MB | 3.00 MB | **missed** |');
});

it('keeps bars out of the cells of a table', () => {
  expect(
    markdownTable([
      ['', 'a'],
      ['x|y', '1'],
    ]),
  ).toBe('|  | a |\n|---|--:|\n| x\\|y | 1 |');
});
