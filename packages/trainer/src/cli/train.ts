/** `pnpm train [RECIPE]`: trains a student as a recipe says, and writes a model that the other commands read. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildNetwork, PellucidError } from '@pellucid/core';
import { defineCommand } from 'citty';
import type { Skipped } from '../data/index.ts';
import { physicalCores } from '../engine/cores.ts';
import { type EngineName, engineNames, openEngine } from '../engine/index.ts';
import { openParallelGradients } from '../gradients/parallel.ts';
import { metricsLog } from '../log/metrics-log.ts';
import { progress } from '../log/progress.ts';
import { tensorboard } from '../log/tensorboard.ts';
import { formatRecipe, networkOf, parseRecipe, type Recipe } from '../recipe.ts';
import { costTable, describePsnr, graphOf, nextSteps, release } from '../release.ts';
import { chooseRunFolder } from '../run-folder.ts';
import type { CacheOptions } from '../teacher-cache.ts';
import { loadTeachers, methodFor } from '../teachers.ts';
import { train } from '../train.ts';
import { openTrainingData } from '../training-data.ts';
import { repeatedFlag, runCommand } from './command.ts';
import { chooseWorkers } from './workers.ts';

const MOST_DRAWING_THREADS = 3;

const command = defineCommand({
  meta: {
    name: 'pnpm train',
    description: 'Train a restoration network, distilled from a teacher or on its own.',
  },
  args: {
    recipe: { type: 'positional', default: 'recipes/denoise.yml', description: 'What to train.' },
    data: { type: 'string', description: 'Folder of photographs to train on.' },
    set: { type: 'string', description: 'Change the recipe: --set optimiser.learningRate=5e-4. Repeatable.' },
    engine: { type: 'string', default: 'auto', description: `One of ${engineNames.join(', ')}.` },
    workers: {
      type: 'string',
      description:
        'Threads that share each batch; as many as there are physical cores unless given. Resuming with another number changes the last digits.',
    },
    cache: {
      type: 'string',
      description:
        'Folder that keeps what teachers say of the patches of data.pool, for this run and others.',
    },
    'cache-size': { type: 'string', default: '20', description: 'What --cache may grow to, in GB.' },
    resume: { type: 'boolean', description: 'Continue the newest run of this recipe (or of --name).' },
    name: { type: 'string', description: 'Name of the run; the recipe has a default.' },
    out: { type: 'string', default: 'runs', description: 'Folder that holds the runs.' },
    'dry-run': { type: 'boolean', description: 'Check everything, train nothing.' },
  },
  async run({ args, rawArgs }) {
    const overrides = repeatedFlag(rawArgs, '--set');
    if (args.data !== undefined) overrides.push(`data.photographs=${JSON.stringify(args.data)}`);
    if (args.name !== undefined) overrides.push(`name=${JSON.stringify(args.name)}`);
    const recipe = parseRecipe(await readRecipe(args.recipe), overrides);
    console.log(formatRecipe(recipe));

    const resume = args.resume ?? false;
    const folder = await chooseRunFolder(args.out, recipe.name, { name: args.name, resume });
    const teachers = await loadTeachers(recipe);
    const [teacher] = teachers;
    methodFor(recipe, teachers);
    const cache = cacheOptions(args.cache, args['cache-size'], recipe);
    const engine = await openEngine(args.engine);
    const data = await openTrainingData(recipe, { threads: drawingThreads(engine.name) });
    console.log(`Data: ${data.description}`);
    if (data.skipped.length > 0) console.log(describeSkipped(data.skipped));
    // A batch cannot be shared by more threads than it has patches.
    const workers = chooseWorkers(args.workers, engine.name, { most: recipe.data.batch });
    console.log(`Engine: ${engine.description}, ${workers === 1 ? '1 worker' : `${workers} workers`}`);
    console.log(costTable(buildNetwork(networkOf(recipe.student)), graphOf(teacher)));
    console.log(`Run: ${folder}${resume ? ', continued' : ''}\n`);
    if (args['dry-run']) return;

    const display = progress(recipe.steps);
    const observers = [display.observe, metricsLog(path.join(folder, 'metrics.jsonl')), tensorboard(folder)];
    const stop = stopOnSignals();
    const gradients = await openParallelGradients(recipe, teachers, { engine: engine.name, workers, cache });
    const result = await train({
      recipe,
      data,
      teachers,
      gradients,
      folder,
      resume,
      signal: stop,
      observe: (event) => {
        for (const observe of observers) observe(event);
      },
    }).finally(async () => {
      display.close();
      await data.close?.();
    });

    if (!result) {
      console.log(`\nStopped, with a checkpoint. The same command with --resume continues.`);
      return;
    }
    const model = await release(folder, result, recipe, teacher);
    console.log(`
Validation PSNR: ${describePsnr(result.psnr)}.

${costTable(result.model.graph, graphOf(teacher))}

${nextSteps(result.model, model)}`);
  },
});

function describeSkipped(skipped: readonly Skipped[]): string {
  const shown = skipped.slice(0, 5).map(({ name, reason }) => `  skipped ${name}: ${reason}`);
  const rest = skipped.length - shown.length;
  return [...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}

/** Beside an engine that leaves the cores free, as many threads as keep up with it draw the batches. */
function drawingThreads(engine: EngineName): number {
  const onGpu = engine === 'webgpu' || engine === 'node-gpu';
  return onGpu ? Math.min(MOST_DRAWING_THREADS, physicalCores() - 1) : 0;
}

function cacheOptions(folder: string | undefined, size: string, { data }: Recipe): CacheOptions | undefined {
  const gigabytes = Number(size);
  if (!(gigabytes > 0)) throw new PellucidError('cli/usage', '--cache-size must be a number of GB above 0.');
  if (folder === undefined) return undefined;
  if (data.pool === undefined)
    throw new PellucidError(
      'cli/usage',
      '--cache keeps answers to patches that come again: say with data.pool how many there are (--set data.pool=4000).',
    );
  return { folder, limit: gigabytes * 1e9 };
}

async function readRecipe(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PellucidError('recipe/not-found', `There is no readable recipe at ${file}.`, { cause });
  }
}

/** The first SIGINT or SIGTERM ends the run after its step, with a checkpoint; a second one ends it at once. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.error('\nStopping after this step; once more stops at once.');
      stop.abort();
    });

  return stop.signal;
}

await runCommand(command);
