import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeModel } from '@pellucid/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Report } from '../report/schema.ts';
import { runForTest, untrained, writePicture } from '../testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-distillation-'));
  await writeFile(path.join(folder, 'teacher.safetensors'), writeModel(untrained('teacher', 16, 2), 'F32'));
  for (const seed of [1, 2]) await writePicture(path.join(folder, 'photographs', `${seed}.png`), seed);
  await writeFile(
    path.join(folder, 'recipe.yml'),
    `
name: compared
task: denoise
data: { photographs: ${path.join(folder, 'photographs')}, patch: 16, batch: 2, pool: 4, validation: { count: 1, size: 16 } }
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8, 8], encoder: [1, 0], decoder: [1] }
teacher: ${path.join(folder, 'teacher.safetensors')}
method: { kind: slkd }
optimiser: { warmup: 1 }
steps: 2
every: { log: 1, validate: 2, checkpoint: 1 }
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const bench = (...words: string[]) =>
  runForTest(
    'distillation',
    ...['--recipe', path.join(folder, 'recipe.yml'), '--dataset', 'drawn', '--limit', '1'],
    ...['--out', path.join(folder, 'out'), ...words],
  );

it('trains each method from each seed, measures all on the same pictures, and keeps what is done', async () => {
  const first = await bench('--method', 'scratch,slkd', '--seeds', '1,2');
  expect(first.output).not.toMatch(/Error/);
  expect(first.code).toBe(0);
  const report = Report.parse(JSON.parse(await readFile(path.join(folder, 'out/report.json'), 'utf8')));
  const [table] = report.distillation!;
  expect(table).toMatchObject({ recipe: 'compared', dataset: 'drawn pictures', reference: 'slkd' });
  expect(table!.rows.map(({ method, seeds }) => [method, seeds])).toEqual([
    ['scratch', [1, 2]],
    ['slkd', [1, 2]],
  ]);
  expect(table!.rows[0]!.psnr.mean).not.toBe(table!.rows[1]!.psnr.mean);
  expect(first.output).toContain('## Distillation: compared, drawn pictures, sigma 25');

  const students = path.join(folder, 'out/students/compared');
  const runs = await readdir(students);
  expect(runs.map((run) => run.replace(/-\w{10}$/, '')).sort()).toEqual([
    'scratch-1',
    'scratch-2',
    'slkd-1',
    'slkd-2',
  ]);
  expect((await readdir(path.join(folder, 'out/teachers'))).length).toBeGreaterThan(0);
  const file = path.join(students, runs[0]!, 'model/model.safetensors');
  const { mtimeMs } = await stat(file);
  const again = await bench('--method', 'scratch,slkd', '--seeds', '1,2');
  expect(again.code).toBe(0);
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
  // Another recipe is another run.
  await bench('--method', 'scratch', '--seeds', '1', '--set', 'steps=3');
  expect(await readdir(students)).toHaveLength(5);
});

it.each([
  [['--method', 'slkdd'], /There is no method "slkdd"; did you mean slkd\?/],
  [['--set', 'method={kind: scratch}'], /recipes of slkd.* are compared/],
  [['--recipe', 'nowhere.yml'], /no readable recipe at nowhere\.yml/],
  [['--set', 'stepz=3'], /stepz: unknown key; did you mean "steps"\?/],
])('refuses %j before it trains', async (words, message) => {
  const { code, output } = await bench(...words);
  expect(output).toMatch(message);
  expect(code).toBe(1);
});
