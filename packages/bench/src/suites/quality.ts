import { PellucidError } from '@pellucid/core';
import { openEngine } from '@pellucid/trainer';
import { type Candidate, fits } from '../candidate.ts';
import { type Dataset, DRAWN, openDataset, presentDatasets } from '../datasets/dataset.ts';
import { type Condition, conditions, type Task, tasks } from '../datasets/protocol.ts';
import { dataFolder } from '../folders.ts';
import { measureDataset } from '../measure.ts';
import { candidates } from '../models.ts';
import { numberOf, type Options, strengthsOf, words } from '../options.ts';
import { decibels } from '../report/format.ts';
import type { QualityTable } from '../report/schema.ts';
import type { Session, Suite } from '../suite.ts';
import { unknown } from '../unknown.ts';

/** Restored photographs against the truth: task x dataset x model. */
export const quality: Suite = {
  description: 'PSNR and SSIM of every model on every test set of its task',
  options: ['data', 'dataset', 'task', 'model', 'sigma', 'scale', 'quality', 'limit', 'seed', 'engine'],
  async run(options, session) {
    const field = await candidates(options.model === undefined ? undefined : words(options.model));
    session.report.quality = [];
    await measureAll(field, options, session, session.report.quality);
  },
};

/** Measures candidates on all that the options ask for, adding each table to `tables` as soon as it is done. */
export async function measureAll(
  field: readonly Candidate[],
  options: Options,
  session: Session,
  tables: QualityTable[],
): Promise<void> {
  const seed = numberOf('seed', options.seed, Number.isInteger);
  const { gallery } = session;
  const parts = await plan(field, options);
  const engine = await openEngine(options.engine);
  session.report.machine.engine = engine.name;
  console.log(`Computing on ${engine.description}.`);
  for (const { dataset, condition, chosen } of parts) {
    try {
      tables.push(await measureDataset(chosen, dataset, condition, { seed, gallery, onImage }));
    } catch (error) {
      // What one set lacks costs no other its table.
      if (!(error instanceof PellucidError)) throw error;
      session.fail(error.message);
    }
    await session.save();
  }
}

function onImage(
  candidate: string,
  { file, input, output }: QualityTable['rows'][number]['images'][number],
  done: number,
  of: number,
): void {
  const place = `${String(done).padStart(String(of).length)}/${of}`;
  console.log(`${candidate}  ${place}  ${file}  ${decibels(input.psnr)} -> ${decibels(output.psnr)} dB`);
}

interface Part {
  dataset: Dataset;
  condition: Condition;
  chosen: Candidate[];
}

/** Every table to come. Whatever is wrong with what was asked for is said here, before hours of work. */
async function plan(field: readonly Candidate[], options: Options): Promise<Part[]> {
  const task = taskOf(options.task);
  const strengths = strengthsOf(options);
  const limit = options.limit === undefined ? Infinity : numberOf('limit', options.limit, (n) => n >= 1);
  const data = dataFolder(options.data);
  const parts: Part[] = [];
  const datasets: string[] = [];
  for (const [name, its] of wanted(options.dataset, task, data)) {
    const dataset = await openDataset(name, data, its);
    dataset.samples = dataset.samples.slice(0, limit);
    datasets.push(dataset.protocol.name);
    for (const condition of conditions(dataset.protocol, strengths)) {
      const { folder, tasks } = dataset.protocol;
      const chosen = field.filter((candidate) => fits(candidate, tasks[0]!, folder, condition));
      if (chosen.length > 0) parts.push({ dataset, condition, chosen });
    }
  }
  if (parts.length > 0) return parts;
  const names = field.map((candidate) => `${candidate.name} (${candidate.task})`);
  throw new PellucidError(
    'bench/nothing-fits',
    `None of ${names.join(', ')} is made for ${datasets.join(', ')} at what was asked for.`,
  );
}

/** The sets to measure on, each with the task to measure it for, where that is decided already. */
function wanted(
  names: string | undefined,
  task: Task | undefined,
  data: string,
): [name: string, task: Task | undefined][] {
  const present = presentDatasets(data);
  const every = present.flatMap(({ folder, tasks }) => tasks.map((its): [string, Task] => [folder, its]));
  const ofTask = every.filter(([, its]) => task === undefined || its === task);
  if (names !== undefined && names !== 'all')
    return words(names).flatMap((name): [string, Task | undefined][] => {
      const listed = ofTask.filter(([folder]) => folder.toLowerCase() === name.toLowerCase());
      return listed.length > 0 ? listed : [[name, task]];
    });
  if (ofTask.length === 0)
    throw new PellucidError(
      'bench/no-dataset',
      `No test set${task ? ` for ${task}` : ''} lies in ${data}. Say with --data or PELLUCID_DATA where they are, or measure on drawn pictures with --dataset ${DRAWN}.`,
    );
  if (names === 'all') return ofTask;
  return ofTask.filter(([, its], index) => ofTask.findIndex(([, other]) => other === its) === index);
}

function taskOf(word: string | undefined): Task | undefined {
  if (word === undefined || (tasks as readonly string[]).includes(word)) return word as Task | undefined;
  throw unknown('task', word, tasks, 'bench/unknown-task');
}
