import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { PellucidError } from '@pellucid/core';
import type { Pairs } from '../data/index.ts';
import type { EngineName } from '../engine/index.ts';
import type { Teacher } from '../graph-model-teacher.ts';
import type { Recipe } from '../recipe.ts';
import type { CacheOptions } from '../teacher-cache.ts';
import { type Gradients, LocalGradients } from './gradients.ts';

/** What a worker is started with. Weights and gradient are shared memory, which both threads see without a copy. */
export interface WorkerSetup {
  recipe: Pick<Recipe, 'student' | 'method' | 'loss'>;
  teachers: readonly Teacher[];
  cache: CacheOptions | undefined;
  engine: EngineName;
  weights: Float32Array;
  gradient: Float32Array;
}

/** What a worker answers: that it is ready, the values of its share, or what went wrong. */
export type WorkerAnswer =
  | { kind: 'ready' }
  | { kind: 'values'; values: Record<string, number> }
  | { kind: 'error'; message: string };

/** `.ts`, or `.mjs` in an archive of `pnpm gpu:pack`, which bundles this file and the worker side by side. */
const ending = path.extname(import.meta.url);

interface Helper {
  worker: Worker;
  gradient: Float32Array;
  /** Settles when the worker answers what it was last asked. */
  answer: Promise<WorkerAnswer>;
}

/**
 * Data-parallel training: the batch is split over this thread and `workers - 1` others, each with an engine of its own,
 * and the gradients are averaged in proportion to the shares. The losses are means over equal patches, so this is the
 * gradient of the whole batch, up to the order in which floats are added: always the same one for one number of workers.
 *
 * @throws PellucidError `engine/worker-failed` when a worker cannot start or dies
 */
export async function openParallelGradients(
  recipe: WorkerSetup['recipe'],
  teachers: readonly Teacher[],
  { engine, workers, cache: kept }: { engine: EngineName; workers: number; cache?: CacheOptions | undefined },
): Promise<Gradients> {
  const cache = kept && { ...kept, writers: workers };
  const local = new LocalGradients(recipe, teachers, cache);
  const { count } = local.parameters;
  const weights = shared(count);
  const helpers = Array.from({ length: workers - 1 }, () => {
    const gradient = shared(count);
    const workerData: WorkerSetup = { recipe, teachers, cache, engine, weights, gradient };
    const worker = new Worker(new URL(`./worker${ending}`, import.meta.url), { workerData });
    return { worker, gradient, answer: answerOf(worker) };
  });
  const close = async () => {
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
    await local.close();
  };
  try {
    for (const helper of helpers) await settled(helper);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    async compute(current, batch, gradient) {
      weights.set(current);
      const [own, ...others] = split(batch, workers) as [Pairs, ...Pairs[]];
      for (const [index, share] of others.entries()) {
        const helper = helpers[index]!;
        helper.answer = answerOf(helper.worker);
        helper.worker.postMessage(share, [share.clean.buffer, share.degraded.buffer] as ArrayBuffer[]);
      }
      const values = await local.compute(current, own, gradient);
      const weigh = (share: Pairs) => share.shape[0] / batch.shape[0];
      for (const name of Object.keys(values)) values[name]! *= weigh(own);
      for (let i = 0; i < gradient.length; i++) gradient[i]! *= weigh(own);
      for (const [index, share] of others.entries()) {
        const helper = helpers[index]!;
        const part = weigh(share);
        for (const [name, value] of Object.entries(await settled(helper))) values[name]! += part * value;
        for (let i = 0; i < gradient.length; i++) gradient[i]! += part * helper.gradient[i]!;
      }
      return values;
    },
    close,
  };
}

function shared(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/** Cuts a batch into as many shares as there are workers, the first ones larger by one patch where it does not divide. */
export function split(
  { clean, degraded, noiseLevels, shape: [patches, ...image], ...rest }: Pairs,
  workers: number,
): Pairs[] {
  const shares: Pairs[] = [];
  let from = 0;
  for (let left = workers; left > 0; left--) {
    const count = Math.ceil((patches - from) / left);
    const cut = (pixels: Float32Array) => {
      const values = pixels.length / patches;
      return pixels.slice(from * values, (from + count) * values);
    };
    const told = noiseLevels && { noiseLevels: noiseLevels.slice(from, from + count) };
    shares.push({ ...rest, clean: cut(clean), degraded: cut(degraded), shape: [count, ...image], ...told });
    from += count;
  }
  return shares;
}

/** The next thing that a worker says; its death is an answer too. */
function answerOf(worker: Worker): Promise<WorkerAnswer> {
  const over = new AbortController();
  return new Promise<WorkerAnswer>((resolve) => {
    const when = (event: string, answer: (value: unknown) => WorkerAnswer) =>
      once(worker, event, { signal: over.signal }).then(
        ([value]) => resolve(answer(value)),
        () => {},
      );
    when('message', (message) => message as WorkerAnswer);
    when('exit', (code) => ({ kind: 'error', message: `it ended with code ${code}` }));
  }).finally(() => over.abort());
}

async function settled(helper: Helper): Promise<Record<string, number>> {
  const answer = await helper.answer;
  if (answer.kind !== 'error') return answer.kind === 'values' ? answer.values : {};
  throw new PellucidError(
    'engine/worker-failed',
    'A training worker failed; try again with --workers 1, which needs less memory.',
    { cause: new Error(answer.message) },
  );
}
