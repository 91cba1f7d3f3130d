import { problem } from './problem.ts';

/**
 * Lets one piece of work run at a time and a few wait, which is what bounds an isolate's memory: its requests share
 * one heap, and whoever is turned away here has not yet sent a body.
 */
export class Gate {
  readonly #places: number;
  #taken = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param queue how many may wait beside the one that runs */
  constructor(queue: number) {
    this.#places = queue + 1;
  }

  /**
   * Takes a place, runs `prepare` beside the others, then `work` alone, in the order in which preparation ended.
   *
   * @throws busy when every place is taken
   */
  async run<P, T>(prepare: () => Promise<P>, work: (prepared: P) => Promise<T>): Promise<T> {
    if (this.#taken === this.#places) {
      throw problem(
        'busy',
        `Send the request again after the time in Retry-After: ${this.#places} are in work already.`,
      );
    }
    this.#taken += 1;
    try {
      const prepared = await prepare();
      const before = this.#last;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#last = promise;
      await before;
      try {
        return await work(prepared);
      } finally {
        resolve();
      }
    } finally {
      this.#taken -= 1;
    }
  }
}
