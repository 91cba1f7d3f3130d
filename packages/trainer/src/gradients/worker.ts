/** One thread of data-parallel training: an engine of its own that computes the gradient of its share of each batch. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Pairs } from '../data/index.ts';
import { openEngine } from '../engine/index.ts';
import { LocalGradients } from './gradients.ts';
import type { WorkerAnswer, WorkerSetup } from './parallel.ts';

const { recipe, teachers, cache, engine, weights, gradient } = workerData as WorkerSetup;
const answer = (message: WorkerAnswer) => parentPort!.postMessage(message);

try {
  await openEngine(engine);
  const local = new LocalGradients(recipe, teachers, cache);
  parentPort!.on('message', async (share: Pairs) => {
    try {
      answer({ kind: 'values', values: await local.compute(weights, share, gradient) });
    } catch (error) {
      answer({ kind: 'error', message: String(error) });
    }
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'error', message: String(error) });
}
