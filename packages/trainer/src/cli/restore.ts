/** `pnpm restore IN OUT`: restores a photograph, or a folder of them, with a released or a freshly trained model. */
import { PellucidError, Restorer, receptiveField } from '@pellucid/core';
import { defineCommand } from 'citty';
import { openEngine } from '../engine/index.ts';
import { loadModel } from '../model-file.ts';
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
    model: { type: 'string', default: 'models/denoise/small', description: 'Model file or folder.' },
    noise: {
      type: 'string',
      description: 'How strong the noise is (sigma, 0 to 255), for a model that must be told.',
    },
    engine: { type: 'string', default: 'auto', description: 'Engine to compute with.' },
    overwrite: { type: 'boolean', description: 'Restore again what is already there.' },
  },
  async run({ args }) {
    const jobs = await planJobs(args.in, args.out);
    const model = await loadModel(args.model);
    const noiseLevel = args.noise === undefined ? undefined : sigmaFrom(args.noise);
    const engine = await openEngine(args.engine);
    console.log(`${model.name} on ${engine.description}`);

    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    if (receptiveField(model.graph).before === Infinity)
      console.log(
        'This network looks at the whole photograph: a large one is restored in tiles, each by its own statistics.',
      );
    const restorer = new Restorer(model, { memory: 256 * 2 ** 20, statistics: 'tile' });
    let done = 0;
    let failed = 0;
    const onProgress = (tile: number, tiles: number) => {
      if (process.stdout.isTTY)
        process.stdout.write(`\r${done + 1}/${jobs.length}  ${Math.round((100 * tile) / tiles)} % `);
    };
    try {
      const options = { signal: stop.signal, onProgress, noiseLevel, overwrite: args.overwrite ?? false };
      for await (const { job, result } of restoreFiles(restorer, jobs, options)) {
        done++;
        const outcome = result instanceof Error ? `failed: ${result.message}` : result;
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

function sigmaFrom(text: string): number {
  const sigma = Number(text);
  if (text.trim() === '' || !(sigma >= 0 && sigma <= 255))
    throw new PellucidError('cli/usage', `--noise is a sigma from 0 to 255, not "${text}".`);
  return sigma;
}

await runCommand(restore);
