/** One thread of `pnpm restore`: an engine and models of its own, that restore one photograph, or band of one, after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { PellucidError, type Restorer, readModel } from '@pellucid/core';
import { type EngineName, openEngine } from '../engine/index.ts';
import { openRestorer } from './remedies.ts';
import type { ThreadAnswer, ThreadOrder } from './threads.ts';

const answer = (message: ThreadAnswer, transfer: ArrayBuffer[] = []) =>
  parentPort!.postMessage(message, transfer);
const restorers = new Map<number, Restorer>();
let current = new AbortController();

try {
  await openEngine(workerData as EngineName);
  parentPort!.on('message', (order: ThreadOrder) => {
    if (order === 'stop') current.abort();
    else void restore(order);
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'error', message: String(error) });
}

async function restore({ model, file, image, noiseLevel }: Exclude<ThreadOrder, 'stop'>): Promise<void> {
  current = new AbortController();
  const { signal } = current;
  const onProgress = (done: number, total: number) => answer({ kind: 'progress', done, total });
  try {
    const restorer = restorers.get(model) ?? openRestorer(readModel(file));
    restorers.set(model, restorer);
    const level = noiseLevel !== undefined && { noiseLevel };
    const restored = await restorer.restore(image, { signal, onProgress, ...level });
    answer({ kind: 'restored', image: restored }, [restored.data.buffer as ArrayBuffer]);
  } catch (error) {
    if (signal.aborted) answer({ kind: 'stopped' });
    // Between threads an error keeps neither its class nor its code.
    else if (error instanceof PellucidError)
      answer({ kind: 'refused', code: error.code, message: error.message, cause: String(error.cause) });
    else answer({ kind: 'error', message: String(error) });
  }
}
