import type { Answer, Order } from './messages.ts';
import { type Outcome, type Restore, Trouble } from './outcome.ts';

let engine: Worker | undefined;
let orders = 0;

/** Restores on this machine: the network that the server runs, in a thread of its own. One photograph at a time. */
export const restoreInBrowser: Restore = (file, task, signal, onProgress) => {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const started = performance.now();
  const id = orders++;
  engine ??= new Worker('/built/engine.js', { type: 'module' });
  engine.onmessage = ({ data: answer }: MessageEvent<Answer>) => {
    // An order that was stopped may have a last word.
    if (answer.id !== id) return;
    if ('stopped' in answer) reject(signal.reason);
    else if ('outcome' in answer) resolve({ ...answer.outcome, milliseconds: performance.now() - started });
    else if ('trouble' in answer) reject(new Trouble(answer.trouble));
    else onProgress(answer.doing, answer.share);
  };
  engine.onerror = () => {
    engine = undefined;
    reject(new Trouble('The engine did not start in this browser. Restore on the server instead.'));
  };
  const tell = (order: Order) => engine?.postMessage(order);
  signal.addEventListener('abort', () => tell('stop'));
  tell({ id, file, task });
  return promise;
};
