import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { enlargement, type Model, macsPerPixel, PellucidError, parameters } from '@pellucid/core';
import {
  loadModel,
  loadTeachers,
  methodFor,
  openEngine,
  openTrainingData,
  parseRecipe,
  type Recipe,
} from '@pellucid/trainer';
import { fits, modelCandidate } from '../candidate.ts';
import { type Dataset, openDataset } from '../datasets/dataset.ts';
import {
  type Condition,
  conditions,
  describeCondition,
  describeProtocol,
  type Task,
} from '../datasets/protocol.ts';
import { comparisons } from '../distillation/comparisons.ts';
import { measureStudent, measureTeacher, runFolder, trainStudent } from '../distillation/student-run.ts';
import { type DistillationTable, methodRows, type Results, toMarkdown } from '../distillation/table.ts';
import { dataFolder, root } from '../folders.ts';
import { numberOf, numbersOf, type Options, strengthsOf, words } from '../options.ts';
import type { Session, Suite } from '../suite.ts';
import { unknown } from '../unknown.ts';

/** The same student, trained by each method, on the same data, from the same seeds. */
export const distillation: Suite = {
  description:
    'One student trained by every method of distillation over several seeds; takes hours, goes on when stopped',
  options: [
    'recipe',
    'method',
    'seeds',
    'photographs',
    'workers',
    'data',
    'dataset',
    'sigma',
    'scale',
    'quality',
    'limit',
    'seed',
    'set',
  ],
  async run(options, session) {
    await openEngine('wasm');
    session.report.machine.engine = 'wasm';
    session.report.distillation = [];
    const signal = stopOnInterrupt();
    for (const file of words(options.recipe ?? 'recipes/distillation/denoise.yml'))
      await compare(file, options, session, signal);
  },
};

async function compare(file: string, options: Options, session: Session, signal: AbortSignal): Promise<void> {
  const text = await readFile(path.resolve(root, file), 'utf8').catch((cause) => {
    throw new PellucidError('recipe/not-found', `There is no readable recipe at ${file}.`, { cause });
  });
  const settings = options.photographs ? [`data.photographs=${JSON.stringify(options.photographs)}`] : [];
  const changes = options.set === undefined ? [] : words(options.set);
  const base = parseRecipe(text, [...settings, ...changes]);
  const rows = rowsOf(base, options.method);
  const seeds = numbersOf('seeds', options.seeds, Number.isInteger);
  const measuringSeed = numberOf('seed', options.seed, Number.isInteger);
  const sets = await testSets(base, options);
  const data = await openTrainingData(base);
  const setup = {
    data,
    workers: numberOf('workers', options.workers, (value) => Number.isInteger(value) && value > 0),
    cache: { folder: path.join(session.folder, 'teachers'), limit: 40e9 },
    signal,
  };

  const recipeOf = (overrides: string[], seed: number) =>
    parseRecipe(text, [...settings, ...changes, ...overrides, `seed=${seed}`]);
  // What cannot be trained is said before hours of work.
  for (const [, overrides] of rows) {
    const recipe = recipeOf(overrides, seeds[0]!);
    methodFor(recipe, await loadTeachers(recipe));
  }
  const runs = path.join(session.folder, 'students');
  const folders = new Map<string, Map<number, string>>();
  // Seeds outside, so that a bench that is stopped early has every method once.
  for (const seed of seeds)
    for (const [row, overrides] of rows) {
      const recipe = recipeOf(overrides, seed);
      const folder = runFolder(runs, row, recipe);
      console.log(`${base.name}: ${row}, seed ${seed}`);
      await trainStudent(folder, recipe, setup);
      for (const [dataset, condition] of sets) {
        const { psnr } = await measureStudent(folder, dataset, condition, measuringSeed);
        console.log(`  ${dataset.protocol.name}, ${describeCondition(condition)}: ${psnr.toFixed(3)} dB`);
      }
      folders.set(row, (folders.get(row) ?? new Map()).set(seed, folder));
    }
  for (const [dataset, condition] of sets) {
    const table = await tabulate(base, runs, folders, dataset, condition, measuringSeed);
    session.report.distillation!.push(table);
    await session.save();
    console.log(`\n${toMarkdown(table)}\n`);
  }
}

/** The rows asked for, or all that the recipe's method is compared with. */
function rowsOf(recipe: Recipe, asked: string | undefined): [string, string[]][] {
  const known = comparisons[recipe.method.kind];
  if (!known)
    throw new PellucidError(
      'bench/no-comparison',
      `${recipe.name} asks for ${recipe.method.kind}; recipes of ${Object.keys(comparisons).join(', ')} are compared with others.`,
    );
  return (asked === undefined ? Object.keys(known) : words(asked)).map((row) => {
    const change = known[row];
    if (!change) throw unknown('method', row, Object.keys(known), 'bench/unknown-method');
    return [row, change(recipe)];
  });
}

async function testSets(recipe: Recipe, options: Options): Promise<[Dataset, Condition][]> {
  const strengths = strengthsOf(options);
  const limit = options.limit === undefined ? Infinity : numberOf('limit', options.limit, (n) => n >= 1);
  const task = recipe.task as Task;
  const [model] = await loadTeachers(recipe);
  const teacher = modelCandidate(model!);
  const found: [Dataset, Condition][] = [];
  const names = options.dataset ?? defaultSets[task];
  if (!names)
    throw new PellucidError('bench/no-dataset', `Say with --dataset which sets ${task} is measured on.`);
  for (const name of words(names)) {
    const dataset = await openDataset(name, dataFolder(options.data), task);
    dataset.samples = dataset.samples.slice(0, limit);
    for (const condition of conditions(dataset.protocol, strengths))
      if (fits(teacher, task, dataset.protocol.folder, condition)) found.push([dataset, condition]);
  }
  return found;
}

/** For each task, unless `--dataset` names others. */
const defaultSets: Partial<Record<Task, string>> = {
  denoise: 'CBSD68,Urban100_subset20',
  derain: 'Rain100L,Rain100H_subset20',
  deblur: 'CBSD68',
  jpeg: 'Set14,BSD100',
  sr: 'Set5,Set14,BSD100,Urban100_subset20',
};

async function tabulate(
  recipe: Recipe,
  runs: string,
  folders: Map<string, Map<number, string>>,
  dataset: Dataset,
  condition: Condition,
  seed: number,
): Promise<DistillationTable> {
  const results = new Map<string, Results>();
  let student = '';
  for (const [row, ofSeeds] of folders) {
    const measured: Results = new Map();
    for (const [runSeed, folder] of ofSeeds) {
      measured.set(runSeed, await measureStudent(folder, dataset, condition, seed));
      student = path.join(folder, 'model');
    }
    results.set(row, measured);
  }
  const { graph } = await loadModel(student);
  const cost = (of: typeof graph) => ({
    parameters: parameters(of),
    macsPerPixel: macsPerPixel(of),
    scale: enlargement(of),
  });
  const teachers: DistillationTable['teachers'] = [];
  let input: DistillationTable['input'] | undefined;
  for (const teacher of await teachersAndParts(recipe)) {
    const { psnr, ssim, ...rest } = await measureTeacher(runs, teacher, dataset, condition, seed);
    teachers.push({ name: teacher.name, psnr, ssim, ...cost(teacher.graph) });
    input = rest.input;
  }
  return {
    recipe: recipe.name,
    steps: recipe.steps,
    dataset: dataset.protocol.name,
    condition: describeCondition(condition),
    protocol: describeProtocol(dataset.protocol, condition),
    reference: recipe.method.kind,
    input: input!,
    student: cost(graph),
    teachers,
    rows: methodRows(results, recipe.method.kind),
  };
}

/** The teacher; after one that merges others, each of these alone and the mean of them, which it has to beat. */
async function teachersAndParts(recipe: Recipe): Promise<Model[]> {
  const [teacher] = await loadTeachers(recipe);
  const { teachers = [], aggregator } = recipe;
  if (teachers.length < 2) return [teacher!];
  const parts = await Promise.all(teachers.map((location) => loadModel(location)));
  const means = aggregator === 'mean' ? [] : await loadTeachers({ ...recipe, aggregator: 'mean' });
  return [teacher!, ...parts, ...means];
}

/** The first SIGINT ends the run at hand after its step, with a checkpoint. */
function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
