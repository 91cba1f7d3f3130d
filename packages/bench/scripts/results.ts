/**
 * Measures every released student on the sets of its task, and writes the table of results into the README.
 *
 *     node packages/bench/scripts/results.ts --data SETS [--engine wasm]
 *
 * SETS holds the test sets by the catalogue's names. The last column is what a student does to photographs that need
 * nothing: the PSNR between CBSD68 and what it makes of it, on average and at worst.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from '@pellucid/trainer';
import type { Candidate } from '../src/candidate.ts';
import { openDataset } from '../src/datasets/dataset.ts';
import type { Condition, Stored, Task } from '../src/datasets/protocol.ts';
import { dataFolder, root } from '../src/folders.ts';
import { measureDataset } from '../src/measure.ts';
import { candidates, releasedModels } from '../src/models.ts';
import { count, decibels, similarity } from '../src/report/format.ts';
import { markdownTable } from '../src/report/markdown-table.ts';
import type { QualityTable } from '../src/report/schema.ts';

const SEED = 0;
const pairs: Condition = { kind: 'pairs' };

interface Measure {
  set: string;
  task?: Task;
  condition: Condition;
}

/** What photographs are enlarged from: reduced, and maybe stored. */
function enlarging(scale: number, stored?: Stored): Measure[] {
  const condition: Condition = { kind: 'bicubic', scale, ...(stored && { stored }) };
  return [
    { set: 'Set5', condition },
    { set: 'Urban100_subset20', task: 'sr', condition },
  ];
}

const upload: Stored = { format: 'jpeg', quality: 75 };

/** What the students of a folder of models are measured on, or one by its own name. */
const measures: Record<string, Measure[]> = {
  denoise: [
    { set: 'CBSD68', condition: { kind: 'noise', sigma: 25, seed: SEED } },
    { set: 'CC', condition: pairs },
  ],
  derain: [
    { set: 'Rain100L', condition: pairs },
    { set: 'Rain100H_subset20', condition: pairs },
  ],
  deblur: [{ set: 'CBSD68', task: 'deblur', condition: { kind: 'shake', seed: SEED } }],
  jpeg: [{ set: 'BSD100', task: 'jpeg', condition: { kind: 'jpeg', quality: 10 } }],
  sr2: enlarging(2),
  'sr2/upload': enlarging(2, upload),
  sr4: enlarging(4),
  'sr4/upload': enlarging(4, upload),
};

const { values } = parseArgs({
  options: { data: { type: 'string' }, engine: { type: 'string', default: 'auto' } },
});
const data = dataFolder(values.data);
console.log(`Computing on ${(await openEngine(values.engine)).description}.`);

/** Of a photograph that came out as it was, so that there is a mean. */
const EQUAL = 100;

const rows: string[][] = [];
for (const name of (await releasedModels()).filter((name) => !name.endsWith('/teacher'))) {
  const [student] = (await candidates([name])) as [Candidate];
  const kept = student.scale === 1 ? await keptClean(student) : '';
  for (const { set, task, condition } of measures[name] ?? measures[path.posix.dirname(name)] ?? []) {
    const table = await measureDataset([student], await openDataset(set, data, task), condition, {
      seed: SEED,
    });
    rows.push([`[${name}](models/${name}/card.md)`, ...costs(student), ...figures(table), kept]);
    console.log(rows.at(-1)!.join('  '));
  }
}
const head = ['', 'parameters', 'MACs per pixel', 'measured on', 'input', 'restored', 'left clean'];
await replaceTable(markdownTable([head, ...rows]));

function costs({ cost }: Candidate): string[] {
  return [count(cost!.parameters), count(cost!.macsPerPixel)];
}

function figures({ dataset, condition, input, rows }: QualityTable): string[] {
  const output = rows[0]!.output;
  const both = ({ psnr, ssim }: typeof output) => `${decibels(psnr.mean)} / ${similarity(ssim.mean)}`;
  return [
    `${dataset}, ${condition}`,
    both(input),
    `**${decibels(output.psnr.mean)}** / ${similarity(output.ssim.mean)}`,
  ];
}

async function keptClean(student: Candidate): Promise<string> {
  const clean: Condition = { kind: 'noise', sigma: 0, seed: SEED };
  const { rows } = await measureDataset([student], await openDataset('CBSD68', data), clean, { seed: SEED });
  const all = rows[0]!.images.map(({ output }) => output.psnr ?? EQUAL);
  const mean = all.reduce((sum, psnr) => sum + psnr, 0) / all.length;
  return `${decibels(mean)} (${decibels(Math.min(...all))})`;
}

async function replaceTable(table: string): Promise<void> {
  const file = path.join(root, 'README.md');
  const readme = await readFile(file, 'utf8');
  const [before, rest] = readme.split('<!-- results -->\n') as [string, string?];
  const after = rest?.split('<!-- end of results -->\n')[1];
  if (after === undefined)
    throw new Error('README.md has no place between <!-- results --> and <!-- end of results -->');
  await writeFile(file, `${before}<!-- results -->\n\n${table.trim()}\n\n<!-- end of results -->\n${after}`);
}
