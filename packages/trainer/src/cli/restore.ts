/** `pnpm restore IN OUT`: restores a photograph, or a folder of them, with a released or a freshly trained model. */
import os from 'node:os';
import { PellucidError, receptiveField } from '@pellucid/core';
import { defineCommand } from 'citty';
import { openEngine } from '../engine/index.ts';
import { otherStudents, releasedTasks } from '../released.ts';
import { handOf, type JobReport, planJobs, restoreFiles } from '../restore/files.ts';
import { modelFor, openRestorer, remediesFor } from '../restore/remedies.ts';
import { openThreads, sharedOut, threadsWorth } from '../restore/threads.ts';
import { runCommand } from './command.ts';
import { chooseWorkers } from './workers.ts';

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
      description: `What the released model is to do: ${releasedTasks.join(', ')}, or by another of its students ${otherStudents.join(', ')}; denoise unless given. sr2 and sr4 take sr2/upload and sr4/upload for a JPEG of quality 90 or less, or a WebP of 80. auto finds out what each photograph needs, and copies those that need nothing.`,
    },
    model: { type: 'string', description: 'File or folder of a model of your own, instead of a task.' },
    noise: {
      type: 'string',
      description: 'How strong the noise is (sigma, 0 to 255), for a model that must be told.',
    },
    engine: { type: 'string', default: 'auto', description: 'Engine to compute with.' },
    workers: {
      type: 'string',
      description:
        'Threads that share the photographs, and the rows of a large one; on WebAssembly as many as there are cores, memory and work for unless given, else one.',
    },
    overwrite: { type: 'boolean', description: 'Restore again what is already there.' },
  },
  async run({ args }) {
    if (args.task !== undefined && args.model !== undefined)
      throw new PellucidError(
        'cli/usage',
        'Give --task for a released model, or --model for one of your own, not both.',
      );
    const choice = { task: args.task, model: args.model };
    const model = await modelFor(choice);
    const jobs = await planJobs(args.in, args.out);
    const options = { noiseLevel: sigmaFrom(args.noise), overwrite: args.overwrite ?? false };
    const engine = await openEngine(args.engine);
    const usual = await threadsWorth(jobs, roomFor());
    const workers = chooseWorkers(args.workers, engine.name, { usual });
    const threads = workers > 1 ? await openThreads(workers, engine.name) : undefined;
    const together = threads ? `, ${workers} threads` : '';
    console.log(`${model?.name ?? 'auto'} on ${engine.description}${together}`);
    if (model && receptiveField(model.graph).before === Infinity)
      console.log(
        'This network looks at the whole photograph: a large one is restored in tiles, each by its own statistics.',
      );

    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    const hands = (threads ? sharedOut(threads.threads, jobs.length) : [openRestorer]).map((open) =>
      handOf(remediesFor(choice, model, open), options, stop.signal),
    );
    let done = 0;
    let failed = 0;
    const onReport = ({ job, result, found }: JobReport) => {
      done++;
      const what = found === undefined ? result : `${result}: ${found}`;
      const outcome = result instanceof Error ? `failed: ${result.message}` : what;
      if (result instanceof Error) failed++;
      console.log(`${process.stdout.isTTY ? '\r' : ''}${done}/${jobs.length}  ${job.output}  ${outcome}`);
    };
    const onProgress = (share: number) => {
      if (process.stdout.isTTY)
        process.stdout.write(`\r${done}/${jobs.length}  ${Math.round(100 * share)} % `);
    };
    try {
      await restoreFiles(jobs, hands, onReport, onProgress);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      console.log(`stopped after ${done} of ${jobs.length}; the same command goes on from here`);
    } finally {
      await threads?.close();
    }
    if (failed > 0) process.exitCode = 1;
  },
});

/** Of a thread that restores a photograph of 24 megapixels, in bytes. */
const THREAD_MEMORY = 2 ** 30;

/** How many threads half of the memory is enough for. */
function roomFor(): number {
  const memory = Math.min(os.totalmem(), process.constrainedMemory() || Infinity);
  return Math.max(1, Math.floor(memory / 2 / THREAD_MEMORY));
}

function sigmaFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const sigma = Number(text);
  if (text.trim() === '' || !(sigma >= 0 && sigma <= 255))
    throw new PellucidError('cli/usage', `--noise is a sigma from 0 to 255, not "${text}".`);
  return sigma;
}

await runCommand(restore);
