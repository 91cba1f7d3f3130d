import { type Raster, type Restoring, restorersWorth } from '@pellucid/core';
import type { BandAnswer, BandOrder } from './messages.ts';

/** More would take more memory than a photograph does. */
const MOST_THREADS = 8;

const workers: Worker[] = [];

/** As many threads as a photograph of this size is worth, beside the engine's own, and the machine has cores for. */
export function threadsFor(photograph: Raster, task: string): Restoring[] {
  // Some browsers let no thread have threads.
  if (typeof Worker === 'undefined') return [];
  const count = Math.min(restorersWorth(photograph), navigator.hardwareConcurrency, MOST_THREADS) - 1;
  while (workers.length < count) workers.push(new Worker('/built/worker.js', { type: 'module' }));
  return workers.slice(0, count).map((worker) => restoring(worker, task));
}

function restoring(worker: Worker, task: string): Restoring {
  const tell = (order: BandOrder, transfer: Transferable[] = []) => worker.postMessage(order, transfer);
  return {
    restore(image, { signal, onProgress } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Raster>();
      worker.onmessage = ({ data: answer }: MessageEvent<BandAnswer>) => {
        if ('restored' in answer) resolve(answer.restored);
        else if ('failed' in answer) reject(signal?.aborted ? signal.reason : new Error(answer.failed));
        else onProgress?.(answer.done, answer.total);
      };
      worker.onerror = () => {
        workers.splice(workers.indexOf(worker), 1);
        reject(new Error('A thread did not start.'));
      };
      const stop = () => tell('stop');
      signal?.addEventListener('abort', stop);
      // A band is a copy that nobody else looks at.
      tell({ task, image }, [image.data.buffer as ArrayBuffer]);
      return promise.finally(() => signal?.removeEventListener('abort', stop));
    },
  };
}
