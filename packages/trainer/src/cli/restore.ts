/** `pnpm restore IN OUT`: restores a photograph, or a folder of them, with a released or a freshly trained model. */
import { type Model, PellucidError, receptiveField } from '@pellucid/core';
import { defineCommand } from 'citty';
import { openEngine } from '../engine/index.ts';
import { loadModel } from '../model-file.ts';
import { loadReleased, otherStudents, releasedTasks } from '../released.ts';
import { asStored, diagnosed, openRestorer, type Remedies } from '../remedies.ts';
import { planJobs, restoreFiles } from '../restore-files.ts';
import { runCommand } from './command.ts';

const restore = defineCommand({
  meta: {
    name: 'pnpm restore',
    description:
      'Restore a photograph, or every photograph in a folder. Results that are already there are kept.',
  },
  args: {
    in: { type: 'positional', required: true, description: 'Photograph or folder (JPEG, PNG, WebP, TIFF).' },
    out: {
      type: 'positional',
      required: true,
      description: 'Where the result goes; the ending names the format.',
    },
    task: {
      type: 'string',
      description: `What the released model is to do: ${releasedTasks.join(', ')}, or by another of its students ${otherStudents.join(', ')}; denoise unless given. sr2 and sr4 take sr2/upload and sr4/upload for a JPEG of quality 90 or less. auto finds out what each photograph needs, and copies those that need nothing.`,
    },
    model: { type: 'string', description: 'File or folder of a model of your own, instead of a task.' },
    noise: {
      type: 'string',
      description: 'How strong the noise is (sigma, 0 to 255), for a model that must be told.',
    },
    engine: { type: 'string', default: 'auto', description: 'Engine to compute with.' },
    overwrite: { type: 'boolean', description: 'Restore again what is already there.' },
  },
  async run({ args }) {
    if (args.task !== undefined && args.model !== undefined)
      throw new PellucidError(
        'cli/usage',
        'Give --task for a released model, or --model for one of your own, not both.',
      );
    const model = await modelFor(args.task, args.model);
    const jobs = await planJobs(args.in, args.out);
    const noiseLevel = args.noise === undefined ? undefined : sigmaFrom(args.noise);
    const engine = await openEngine(args.engine);
    console.log(`${model?.name ?? `auto (${releasedTasks.join(', ')})`} on ${engine.description}`);

    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    if (model && receptiveField(model.graph).before === Infinity)
      console.log(
        'This network looks at the whole photograph: a large one is restored in tiles, each by its own statistics.',
      );
    const remedies = model ? remediesBy(model, args.task) : diagnosed(releasedTasks, loadReleased);
    let done = 0;
    let failed = 0;
    const onProgress = (tile: number, tiles: number) => {
      if (process.stdout.isTTY)
        process.stdout.write(`\r${done + 1}/${jobs.length}  ${Math.round((100 * tile) / tiles)} % `);
    };
    try {
      const options = { signal: stop.signal, onProgress, noiseLevel, overwrite: args.overwrite ?? false };
      for await (const { job, result, found } of restoreFiles(remedies, jobs, options)) {
        done++;
        const what = found === undefined ? result : `${result}: ${found}`;
        const outcome = result instanceof Error ? `failed: ${result.message}` : what;
        if (result instanceof Error) failed++;
        console.log(`${process.stdout.isTTY ? '\r' : ''}${done}/${jobs.length}  ${job.output}  ${outcome}`);
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      console.log(`stopped after ${done} of ${jobs.length}; the same command goes on from here`);
    }
    if (failed > 0) process.exitCode = 1;
  },
});

/** The model that was asked for; undefined for `auto`, which has one for each photograph. */
async function modelFor(task = 'denoise', own: string | undefined): Promise<Model | undefined> {
  if (own !== undefined) return loadModel(own);
  return task === 'auto' ? undefined : loadReleased(task);
}

/** One model's own, but for the photographs that a task has another student for. */
function remediesBy(model: Model, task: string | undefined): Remedies {
  const restorer = openRestorer(model);
  return task === undefined ? () => ({ restorer }) : asStored(task, restorer, otherStudents, loadReleased);
}

function sigmaFrom(text: string): number {
  const sigma = Number(text);
  if (text.trim() === '' || !(sigma >= 0 && sigma <= 255))
    throw new PellucidError('cli/usage', `--noise is a sigma from 0 to 255, not "${text}".`);
  return sigma;
}

await runCommand(restore);
