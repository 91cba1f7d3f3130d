import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type DegradationSettings, PellucidError, type Random } from '@pellucid/core';
import type { Pairs, PatchSamplerOptions } from './patches.ts';

/** What a thread that draws batches is started with. The photographs lie in memory that all threads see. */
export interface DrawerSetup extends Omit<PatchSamplerOptions, 'degradation'> {
  degradation: DegradationSettings | undefined;
}

export interface DrawerRequest {
  id: number;
  /** The stream's state. */
  random: ReturnType<Random['state']>;
}

export type DrawerAnswer = { id: number; pairs: Pairs } | { id: number; error: unknown };

/** `.ts`, or `.mjs` in an archive of `pnpm gpu:pack`, which bundles this file and the thread's side by side. */
const ending = path.extname(import.meta.url);

/**
 * Draws batches in threads of their own, as `PatchSampler` would, while this one computes: a GPU takes less time for a
 * step than one core takes to cut, turn and degrade its patches.
 */
export class DrawingThreads {
  readonly #threads: { worker: Worker; waiting: number }[];
  readonly #answers = new Map<number, (answer: DrawerAnswer) => void>();
  #last = 0;

  constructor({ photographs, ...options }: DrawerSetup, threads: number) {
    const workerData: DrawerSetup = { ...options, photographs: share(photographs) };
    this.#threads = Array.from({ length: threads }, () => {
      const worker = new Worker(new URL(`./drawer${ending}`, import.meta.url), { workerData });
      const thread = { worker, waiting: 0 };
      worker.on('message', (answer: DrawerAnswer) => {
        if (--thread.waiting === 0) worker.unref();
        this.#answers.get(answer.id)?.(answer);
      });
      // Only a thread that is drawing keeps the process alive.
      worker.unref();
      const died = (error: unknown) => {
        for (const [id, hear] of this.#answers) hear({ id, error });
      };
      void once(worker, 'exit').then(() => died(new Error('a thread that draws batches ended')), died);
      return thread;
    });
  }

  /** @throws PellucidError `data/not-drawn` when a thread died */
  async draw(random: Random): Promise<Pairs> {
    const id = ++this.#last;
    const idlest = this.#threads.reduce((a, b) => (b.waiting < a.waiting ? b : a));
    idlest.waiting++;
    idlest.worker.ref();
    const answer = await new Promise<DrawerAnswer>((hear) => {
      this.#answers.set(id, hear);
      const request: DrawerRequest = { id, random: random.state() };
      idlest.worker.postMessage(request);
    });
    this.#answers.delete(id);
    if ('pairs' in answer) return answer.pairs;
    throw new PellucidError('data/not-drawn', 'A batch could not be drawn; continue the run with --resume.', {
      cause: answer.error,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

/** The photographs with their pixels in memory that other threads see too; what two of them shared they share still. */
function share(photographs: DrawerSetup['photographs']): DrawerSetup['photographs'] {
  const copies = new Map<Uint8Array, Uint8Array>();
  const shared = (pixels: Uint8Array) => {
    const copy = copies.get(pixels) ?? new Uint8Array(new SharedArrayBuffer(pixels.length));
    if (!copies.has(pixels)) copy.set(pixels);
    copies.set(pixels, copy);
    return copy;
  };
  return photographs.map((photograph) => {
    const { data, degraded } = photograph;
    return { ...photograph, data: shared(data), ...(degraded && { degraded: shared(degraded) }) };
  });
}
