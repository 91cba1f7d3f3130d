import { Worker } from 'node:worker_threads';
import { PellucidError } from '@pellucid/core';
import type { EngineName } from '../engine/index.ts';
import type { FileOptions, Hand, Job, JobReport } from './files.ts';
import type { Choice } from './remedies.ts';

/** What a thread is started with. */
export interface ThreadSetup {
  engine: EngineName;
  choice: Choice;
  options: FileOptions;
}

/** What a thread is told: a photograph to restore, or to stop. */
export type ThreadOrder = Job | 'stop';

/** What a thread says. */
export type ThreadAnswer =
  | { kind: 'ready' }
  | { kind: 'progress'; share: number }
  | ({ kind: 'report'; result: Exclude<JobReport['result'], PellucidError> | PlainError } & Omit<
      JobReport,
      'result'
    >)
  | { kind: 'error'; message: string };

interface PlainError {
  code: string;
  message: string;
  cause: string;
}

/**
 * Threads that restore photographs, each with an engine of its own: WebAssembly keeps one core busy.
 *
 * @param signal stops them within a tile; what they were at then rejects with its reason
 * @throws PellucidError `restore/thread-failed` where one cannot start; a hand throws it where its thread dies
 */
export async function openThreads(
  count: number,
  setup: ThreadSetup,
  signal: AbortSignal,
): Promise<{ hands: Hand[]; close: () => Promise<void> }> {
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup }),
  );
  const close = async () => void (await Promise.all(workers.map((worker) => worker.terminate())));
  signal.addEventListener('abort', () => {
    for (const worker of workers) worker.postMessage('stop' satisfies ThreadOrder);
  });
  try {
    await Promise.all(workers.map((worker) => heard(worker, ({ kind }) => kind === 'ready')));
  } catch (error) {
    await close();
    throw error;
  }
  return { hands: workers.map((worker) => handBy(worker, signal)), close };
}

function handBy(worker: Worker, signal: AbortSignal): Hand {
  return async (job, onProgress) => {
    signal.throwIfAborted();
    let report: JobReport | undefined;
    const answered = heard(worker, (answer) => {
      if (answer.kind === 'progress') onProgress(answer.share);
      if (answer.kind === 'report') report = reportOf(answer);
      return report !== undefined;
    });
    worker.postMessage(job satisfies ThreadOrder);
    await answered.catch((error) => {
      signal.throwIfAborted();
      throw error;
    });
    return report!;
  };
}

function reportOf({ kind: _, result, ...report }: ThreadAnswer & { kind: 'report' }): JobReport {
  if (typeof result === 'string') return { ...report, result };
  return { ...report, result: new PellucidError(result.code, result.message, { cause: result.cause }) };
}

/** Listens to a thread until it said what was waited for. @throws PellucidError where it failed or died */
function heard(worker: Worker, enough: (answer: ThreadAnswer) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
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
    else if (enough(answer)) resolve();
  };
  const onExit = (code: number) => fail(`it ended with code ${code}`);
  worker.on('message', onMessage).on('error', fail).on('exit', onExit);
  return promise.finally(() => worker.off('message', onMessage).off('error', fail).off('exit', onExit));
}
