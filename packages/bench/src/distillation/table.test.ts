import { expect, it } from 'vitest';
import { DistillationTable, type Measured, methodRows, overSeeds, overview, toMarkdown } from './table.ts';

const measured = (psnr: number): Measured => ({ psnr, ssim: 0.9, input: { psnr: 20, ssim: 0.4 } });
const results = (...values: number[]) => new Map(values.map((value, i) => [i + 1, measured(value)]));

it('gives a mean, a deviation and Student’s interval over seeds', () => {
  // scipy.stats.t.interval(0.95, 2, loc=2, scale=1 / sqrt(3)) is (-0.484, 4.484).
  const { mean, deviation, low, high } = overSeeds([1, 2, 3]);
  expect([mean, deviation]).toEqual([2, 1]);
  expect(low).toBeCloseTo(-0.484, 3);
  expect(high).toBeCloseTo(4.484, 3);
  expect(overSeeds([5])).toEqual({ mean: 5, deviation: 0, low: null, high: null });
});

const rows = methodRows(
  new Map([
    ['scratch', results(28, 30, 29)],
    ['logits', results(28.2, 30.1, 29.3)],
    ['slkd', results(28.3, 30.3)],
  ]),
  'slkd',
);

it('takes differences between runs of one seed, which vary less than the runs do', () => {
  const logits = rows.find(({ method }) => method === 'logits')!;
  expect(logits.psnr.deviation).toBeGreaterThan(0.9);
  expect(logits.aboveScratch!.mean).toBeCloseTo(0.2, 10);
  expect(logits.aboveScratch!.deviation).toBeCloseTo(0.1, 10);
  // Only seeds 1 and 2 have both.
  expect(logits.belowReference!.mean).toBeCloseTo(0.15, 10);
  expect(rows.find(({ method }) => method === 'slkd')).not.toHaveProperty('belowReference');
  expect(rows.find(({ method }) => method === 'scratch')).not.toHaveProperty('aboveScratch');
});

const cost = { parameters: 10, macsPerPixel: 20, scale: 1 };
const table = DistillationTable.parse({
  recipe: 'r',
  steps: 5,
  dataset: 'CBSD68',
  condition: 'sigma 25',
  protocol: 'PSNR',
  reference: 'slkd',
  input: { psnr: 20, ssim: 0.4 },
  student: cost,
  teachers: [
    { name: 'both', psnr: 31, ssim: 0.9, parameters: 100, macsPerPixel: 100, scale: 1 },
    { name: 'one', psnr: 30, ssim: 0.8, parameters: 50, macsPerPixel: 50, scale: 1 },
  ],
  rows,
});

it('puts the sets of a recipe side by side', () => {
  const other = { ...table, dataset: 'Urban100', rows: rows.slice(0, 1) };
  const text = overview([table, other]);
  expect(text).toMatch(/\| +\| +CBSD68 \| +Urban100 \| +seeds \|/);
  expect(text).toMatch(/teacher one +\| +30\.00 \| +30\.00 \|/);
  expect(text).toMatch(/scratch +\| +29\.00 \| +29\.00 \| +3 \|/);
  expect(text).toMatch(/slkd +\| +29\.30 \(\*\*\+0\.300\*\*\) \| +\| +2 \|/);
});

it('prints what is clear of zero in bold', () => {
  const text = toMarkdown(table);
  expect(text).toContain('10 parameters (90.0 % fewer than the teacher), 20 MACs per pixel (80.0 % fewer)');
  expect(text).toMatch(/teacher both .* 31\.00 .*\n\| teacher one .* 30\.00/);
  const [, scratch, logits, slkd] = /scratch(.*)\n\| logits(.*)\n\| slkd(.*)/.exec(text)!;
  expect(scratch).toMatch(
    /\| 29\.00 \| 1\.000 \| 0\.9000 \| 3 \| {2}\| \*\*\+0\.300\*\* \(\+0\.300 \.\. \+0\.300\)/,
  );
  expect(logits).toMatch(/\| \+0\.200 \(-0\.048 \.\. \+0\.448\) \| \+0\.150 \(-0\.485/);
  expect(slkd).toMatch(/\| 2 \| \*\*\+0\.300\*\* .* \| {2}\|$/);
});
