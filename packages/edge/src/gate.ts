import { problem } from './problem.ts';

/** A place in the isolate, for as long as one request has it. */
export interface Place {
  /** Says how many bytes the request holds from now on. @throws busy when there is no room for more */
  hold(bytes: number): void;
  /** Runs work when its turn comes, alone in the isolate; rejects with the signal's reason if that aborts before. */
  alone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface GateLimits {
  /** How many may be in at once. */
  places: number;
  /** How many bytes all of them may hold. */
  bytes: number;
}

/**
 * Lets one piece of work run at a time and a few wait, which is what bounds an isolate's memory: its requests share
 * one heap, and whoever is turned away here has not yet sent a body.
 */
export class Gate {
  #taken = 0;
  #held = 0;
  #last: Promise<void> = Promise.resolve();

  /**
   * Takes a place for as long as `visit` runs.
   *
   * @param bytes how many the visitor holds or is going to, until it says otherwise
   * @throws busy when every place or byte is taken
   */
  async enter<T>(limits: GateLimits, bytes: number, visit: (place: Place) => Promise<T>): Promise<T> {
    const busy = () =>
      problem('busy', `Send the request again after the time in Retry-After: ${this.#taken} are in work.`);
    if (this.#taken >= limits.places) throw busy();
    let held = 0;
    const hold = (now: number) => {
      const others = this.#held - held;
      // One that is alone may be as large as it may be at all.
      if (now > held && others > 0 && others + now > limits.bytes) throw busy();
      this.#held = others + now;
      held = now;
    };
    hold(bytes);
    this.#taken += 1;
    try {
      return await visit({ hold, alone: (work, signal) => this.alone(work, signal) });
    } finally {
      this.#taken -= 1;
      hold(0);
    }
  }

  /** Runs work when its turn comes, in the order of the calls, without a place: for what holds nothing while it waits. */
  async alone<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.#last;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    // Whoever gives up leaves the line in order: the next one's turn comes when the one before has ended.
    this.#last = before.then(() => over);
    try {
      await untilAborted(before, signal);
      return await work();
    } finally {
      resolve();
    }
  }
}

async function untilAborted(turn: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (!signal) return turn;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
