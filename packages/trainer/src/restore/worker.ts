/** One thread of `pnpm restore`: an engine and models of its own, that do one photograph after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { PellucidError } from '@pellucid/core';
import { openEngine } from '../engine/index.ts';
import { handOf } from './files.ts';
import { modelFor, remediesFor } from './remedies.ts';
import type { ThreadAnswer, ThreadOrder, ThreadSetup } from './threads.ts';

const { engine, choice, options } = workerData as ThreadSetup;
const answer = (message: ThreadAnswer) => parentPort!.postMessage(message);
const stop = new AbortController();

try {
  await openEngine(engine);
  const hand = handOf(remediesFor(choice, await modelFor(choice)), options, stop.signal);
  parentPort!.on('message', async (order: ThreadOrder) => {
    if (order === 'stop') return stop.abort();
    try {
      const { result, ...report } = await hand(order, (share) => answer({ kind: 'progress', share }));
      answer({ kind: 'report', ...report, result: result instanceof PellucidError ? plain(result) : result });
    } catch (error) {
      answer({ kind: 'error', message: String(error) });
    }
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'error', message: String(error) });
}

/** Between threads an error keeps neither its class nor its code. */
function plain({ code, message, cause }: PellucidError) {
  return { code, message, cause: String(cause) };
}
