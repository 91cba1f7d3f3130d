import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NetName } from './nets.ts';

/** What a thread is to do each time it is asked. */
export interface Job {
  engine: string;
  work:
    | { kind: 'train'; net: NetName; patches: number; patch: number }
    | { kind: 'forward'; channels: number; size: number }
    /** `keep`: every feature map lives until the end, as in a plain `tf.tidy`. */
    | { kind: 'heap'; net: NetName; size: number; keep: boolean }
    | { kind: 'fma' };
  /** The file of a package that was installed on demand. */
  entry?: string;
}

export type Answer =
  | { kind: 'ready'; description: string }
  | { kind: 'done'; milliseconds: number; result: unknown; heap: number | undefined }
  | { kind: 'failed'; reason: string };

type Done = Extract<Answer, { kind: 'done' }>;

/** One way to do a piece of work, on one thread or several at once; each thread has an engine of its own. */
export class Contender {
  readonly #threads: Worker[];
  readonly times: Done[] = [];

  private constructor(threads: Worker[]) {
    this.#threads = threads;
  }

  /**
   * Starts the threads and has each do its job once, which compiles what is to be compiled.
   *
   * @throws Error whose message says why it does not run here
   */
  static async open(jobs: Job[]): Promise<Contender> {
    const threads = jobs.map(
      (job) => new Worker(new URL('./worker.ts', import.meta.url), { workerData: job }),
    );
    const contender = new Contender(threads);
    try {
      await Promise.all(threads.map(answerOf));
      await contender.#ask();
      return contender;
    } catch (error) {
      await contender.close();
      throw error;
    }
  }

  /** Does the work once more, all threads together; the slowest thread's time counts. */
  async run(): Promise<void> {
    const done = await this.#ask();
    this.times.push(done.reduce((slowest, one) => (one.milliseconds > slowest.milliseconds ? one : slowest)));
  }

  async #ask(): Promise<Done[]> {
    for (const thread of this.#threads) thread.postMessage('go');
    return (await Promise.all(this.#threads.map(answerOf))) as Done[];
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

async function answerOf(thread: Worker): Promise<Answer> {
  const over = new AbortController();
  const ended = once(thread, 'exit', { signal: over.signal }).then(() => {
    throw new Error('its thread ended');
  });
  ended.catch(() => {});
  try {
    const [answer] = (await Promise.race([once(thread, 'message', { signal: over.signal }), ended])) as [
      Answer,
    ];
    if (answer.kind === 'failed') throw new Error(answer.reason);
    return answer;
  } finally {
    over.abort();
  }
}
