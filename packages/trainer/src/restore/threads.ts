import { Worker } from 'node:worker_threads';
import { inBands, PellucidError, type Raster, restorersWorth, writeModel } from '@pellucid/core';
import type { EngineName } from '../engine/index.ts';
import { imageSize } from '../image-file.ts';
import type { Job } from './files.ts';
import type { Open } from './remedies.ts';

/** What a thread is told: to restore by a model, whose file it reads once for each number, or to stop that. */
export type ThreadOrder =
  | { model: number; file: Uint8Array; image: Raster; noiseLevel: number | undefined }
  | 'stop';

/** What a thread says. */
export type ThreadAnswer =
  | { kind: 'ready' }
  | { kind: 'progress'; done: number; total: number }
  | { kind: 'restored'; image: Raster }
  | { kind: 'refused'; code: string; message: string; cause: string }
  | { kind: 'stopped' }
  | { kind: 'error'; message: string };

/** How many threads are worth starting for some photographs, `most` at most: one for each, more where they are large. */
export async function threadsWorth(jobs: readonly Job[], most: number): Promise<number> {
  if (jobs.length >= most) return most;
  const sizes = await Promise.all(jobs.map(({ input }) => imageSize(input)));
  return Math.min(
    most,
    sizes.reduce((sum, size) => sum + restorersWorth(size), 0),
  );
}

/**
 * How to open models for each of some photographs that are restored at a time: in threads of its own, which take a band of
 * its rows each.
 */
export function sharedOut(threads: readonly Open[], photographs: number): Open[] {
  const atATime = Math.min(threads.length, photographs);
  return Array.from({ length: atATime }, (_, first) => {
    const own = threads.filter((_, index) => index % atATime === first);
    return (model) =>
      inBands(
        model,
        own.map((open) => open(model)),
      );
  });
}

/**
 * Threads that restore photographs, each with an engine of its own: WebAssembly keeps one core busy. What a thread opens
 * stands for a `Restorer`, and restores one photograph at a time.
 *
 * @throws PellucidError `restore/thread-failed` where one cannot start; restoring rejects with it where one dies
 */
export async function openThreads(
  count: number,
  engine: EngineName,
): Promise<{ threads: Open[]; close: () => Promise<void> }> {
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: engine }),
  );
  const close = async () => void (await Promise.all(workers.map((worker) => worker.terminate())));
  try {
    await Promise.all(workers.map((worker) => heard(worker, ({ kind }) => kind === 'ready')));
  } catch (error) {
    await close();
    throw error;
  }
  return { threads: workers.map(threadIn), close };
}

function threadIn(worker: Worker): Open {
  const tell = (order: ThreadOrder) => worker.postMessage(order);
  let models = 0;
  return (model) => {
    const [number, file] = [models++, writeModel(model, 'F32')];
    return {
      async restore(image, { signal, noiseLevel, onProgress } = {}) {
        signal?.throwIfAborted();
        const stop = () => tell('stop');
        signal?.addEventListener('abort', stop);
        try {
          tell({ model: number, file, image, noiseLevel });
          const answer = await heard(worker, ({ kind, ...answer }) => {
            if ('done' in answer) onProgress?.(answer.done, answer.total);
            return kind !== 'progress';
          });
          if (answer.kind === 'restored') return answer.image;
          signal?.throwIfAborted();
          const { code, message, cause } = answer as ThreadAnswer & { kind: 'refused' };
          throw new PellucidError(code, message, { cause });
        } finally {
          signal?.removeEventListener('abort', stop);
        }
      },
    };
  };
}

/** Listens to a thread until it said what was waited for. @throws PellucidError where it failed or died */
function heard(worker: Worker, enough: (answer: ThreadAnswer) => boolean): Promise<ThreadAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
  const fail = (cause: unknown) =>
    reject(
      new PellucidError(
        'restore/thread-failed',
        'A thread that restores failed; the same command goes on from here, with --workers 1 in less memory.',
        { cause },
      ),
    );
  const onMessage = (answer: ThreadAnswer) => {
    if (answer.kind === 'error') fail(answer.message);
    else if (enough(answer)) resolve(answer);
  };
  const onExit = (code: number) => fail(`it ended with code ${code}`);
  worker.on('message', onMessage).on('error', fail).on('exit', onExit);
  return promise.finally(() => worker.off('message', onMessage).off('error', fail).off('exit', onExit));
}
