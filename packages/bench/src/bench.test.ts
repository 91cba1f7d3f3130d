import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeModel } from '@pellucid/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Report } from './report/schema.ts';
import { runForTest as bench, untrained, writePicture } from './testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pellucid-bench-'));
  vi.stubEnv('PELLUCID_DATA', path.join(folder, 'none'));
  vi.stubEnv('PELLUCID_TEACHERS', folder);
  await writeFile(path.join(folder, 'tiny.safetensors'), writeModel(untrained('tiny', 8), 'F32'));
  await writeFile(path.join(folder, 'large.safetensors'), writeModel(untrained('large', 40), 'F32'));
  for (const name of ['a', 'b']) await writePicture(path.join(folder, 'photos', `${name}.png`), name.length);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);
const student = () => ['--model', at('tiny.safetensors'), '--teacher', at('large.safetensors')];

describe('pnpm bench', () => {
  it('measures several suites into one report, as JSON, Markdown and HTML that needs no network', async () => {
    const out = ['--engine', 'wasm', '--out', at('out')];
    const { code, output } = await bench(
      'quality,compression',
      '--dataset',
      at('photos'),
      ...student(),
      ...out,
    );
    expect(output).toContain('| tiny |');
    expect(code).toBe(0);
    const read = (ending: string) => readFile(at(`out/report.${ending}`), 'utf8');
    const report = Report.parse(JSON.parse(await read('json')));
    expect(report.quality![0]).toMatchObject({ dataset: 'photos', measured: 2, condition: 'sigma 25' });
    expect(report.compression![0]).toMatchObject({ model: 'tiny', teacher: 'large', passed: true });
    expect(report.command).toContain('pnpm bench quality,compression --dataset');
    expect(await read('md')).toContain('## Compression: tiny');
    const html = await read('html');
    expect(html).toMatch(/<img src="data:image\/webp;base64,/);
    expect(html).not.toMatch(/(?:src|href)="(?!data:|#)/);
  });

  it('measures by itself on the first set of each task, and goes on past what cannot be measured', async () => {
    vi.stubEnv('PELLUCID_DATA', at('sets'));
    for (const set of ['CBSD68', 'Kodak24']) await writePicture(at(`sets/${set}/a.png`), 1);
    await writeFile(at('sets/CBSD68/b.png'), 'no picture');
    const words = ['quality', '--model', at('tiny.safetensors'), '--engine', 'wasm', '--out', at('sets-out')];
    const first = await bench(...words);
    expect(first.output).toContain('## Quality: CBSD68 (2 of 68), sigma 25');
    expect(first.output).toMatch(/- tiny, b\.png: .*b\.png is not a photograph/);
    expect(first.output).not.toContain('Kodak24');
    expect(first.code).toBe(0);
    await rm(at('sets/CBSD68/a.png'));
    const all = await bench(...words, '--dataset', 'all', '--sigma', '15,50');
    expect(all.output).toContain('## Quality: Kodak24 (1 of 24), sigma 15');
    expect(all.output).toContain('## Quality: Kodak24 (1 of 24), sigma 50');
    expect(all.output).toContain('Nothing could be measured on CBSD68');
    expect(all.code).toBe(1);
    vi.stubEnv('PELLUCID_DATA', at('none'));
  });

  it('exits with status 1 when a student is cut by less than the floor, and still reports', async () => {
    const { code, output } = await bench('compression', ...student(), '--floor', '0.99', '--out', at('cut'));
    expect(code).toBe(1);
    expect(output).toContain('tiny: cut by less than 99 %.');
    expect(output).toContain('**Failed**');
  });

  it('finds the released students cut by the floor, beside whose teachers they lie', async () => {
    const { code, output } = await bench('compression', '--out', at('released'));
    expect(code, output).toBe(0);
    expect(output.match(/## Compression: [\w-]+/g)).toEqual(
      ['deblur-small', 'denoise-small', 'derain-large', 'derain-small', 'jpeg-large', 'jpeg-small'].map(
        (name) => `## Compression: ${name}`,
      ),
    );
  });

  it('compares two reports', async () => {
    await bench('compression', ...student(), '--out', at('base'));
    const same = await bench('compare', at('base'), at('base'));
    expect(same.output).toContain('Nothing got worse');
    expect(same.code).toBe(0);
    const report = JSON.parse(await readFile(at('base/report.json'), 'utf8'));
    report.compression[0].student.parameters += 1;
    await writeFile(at('head.json'), JSON.stringify(report));
    const more = await bench('compare', at('base'), at('head.json'));
    expect(more.output).toMatch(/parameters of tiny .*\*\*more\*\*/);
    expect(more.code).toBe(1);
  });

  it.each([
    [['qualty'], /There is no suite "qualty"; did you mean quality\?.*compare.*\[bench\/unknown-suite\]/],
    [[], /SUITE/],
    [['quality', '--dataset', 'CBDS68'], /did you mean CBSD68\?.*\[bench\/unknown-dataset\]/],
    [['quality', '--model', 'denoise/smal'], /did you mean denoise\/small\?.*\[bench\/unknown-model\]/],
    [['quality', '--model', 'teachers:larg'], /did you mean teachers:large\?/],
    [['quality', '--task', 'denose'], /did you mean denoise\?.*\[bench\/unknown-task\]/],
    [['quality', '--model', 'denoise/small'], /No test set lies in .*--dataset drawn.*\[bench\/no-dataset\]/],
    [['quality', '--sigma', 'x', '--dataset', 'drawn'], /--sigma cannot be "x"/],
    [
      ['quality', '--model', 'denoise/small', '--dataset', 'drawn', '--task', 'sr'],
      /is made for drawn pictures.*\[bench\/nothing-fits\]/,
    ],
    [['quality', '--floor', '0.9'], /There is no flag --floor/],
    [['speed', '--runtime', 'deno'], /There is no runtime "deno".*workerd/],
    [['compare', 'nowhere', 'nowhere'], /\[bench\/no-report\]/],
  ])('refuses %j', async (words, message) => {
    const { code, output } = await bench(...words);
    expect(output).toMatch(message);
    expect(code).toBe(1);
  });
});
