import type { Config } from './config.ts';
import { problem } from './problem.ts';

/** How long work may go on after its deadline, until it hears of it. */
const GRACE_SECONDS = 10;

/** How long one restoration may keep the others waiting. */
export function turnSeconds(config: Config): number {
  return config.DEADLINE_SECONDS + GRACE_SECONDS;
}

/** How many the gate lets in, and for how long: to send `bodies` and to be served, waiting included. */
export function placesOf(config: Config, bodies = 1): GateLimits {
  return {
    places: 1 + config.MAX_WAITING,
    bytes: config.MAX_HELD_BYTES,
    seconds: bodies * config.BODY_TIMEOUT_SECONDS + turnSeconds(config),
  };
}

/** A place in the isolate, for as long as one request has it. */
export interface Place {
  /** Says how many bytes the request holds from now on. @throws busy when there is no room for more */
  hold(bytes: number): void;
}

export interface GateLimits {
  /** How many may be in at once. */
  places: number;
  /** How many bytes all of them may hold. */
  bytes: number;
  /** How long one may stay. */
  seconds: number;
}

interface Visitor {
  bytes: number;
  until: number;
}

interface Turn {
  begin(): void;
  seconds: number;
  until: number;
}

/**
 * Lets one piece of work run at a time and a few wait, which is what bounds an isolate's memory: its requests share
 * one heap, and whoever is turned away here has not yet sent a body.
 *
 * Places and turns are lists that outlive the requests in them, not a chain of promises: workerd drops what a request
 * left to do once it is over, and a chain through it would never go on. For the same reason each has an end, after
 * which it is taken from whoever did not give it back.
 */
export class Gate {
  readonly #visitors = new Set<Visitor>();
  readonly #waiting: Turn[] = [];
  #running: Turn | undefined;

  /**
   * Takes a place for as long as `visit` runs.
   *
   * @param bytes how many the visitor holds or is going to, until it says otherwise
   * @throws busy when every place or byte is taken
   */
  async enter<T>(limits: GateLimits, bytes: number, visit: (place: Place) => Promise<T>): Promise<T> {
    const now = Date.now();
    for (const other of this.#visitors) if (other.until < now) this.#visitors.delete(other);
    const visitor = { bytes: 0, until: now + limits.seconds * 1000 };
    const busy = () => {
      const inside = this.#visitors.size;
      return problem('busy', `Send the request again after the time in Retry-After: ${inside} are in work.`);
    };
    const hold = (wanted: number) => {
      let others = 0;
      for (const other of this.#visitors) if (other !== visitor) others += other.bytes;
      // One that is alone may be as large as it may be at all.
      if (wanted > visitor.bytes && others > 0 && others + wanted > limits.bytes) throw busy();
      visitor.bytes = wanted;
    };
    if (this.isFull(limits)) throw busy();
    hold(bytes);
    this.#visitors.add(visitor);
    try {
      return await visit({ hold });
    } finally {
      this.#visitors.delete(visitor);
    }
  }

  /** Whether whoever comes now is turned away. */
  isFull({ places }: GateLimits): boolean {
    return this.#visitors.size >= places;
  }

  /**
   * Runs work when its turn comes, in the order of the calls, for at most `seconds`: then the next one no longer waits.
   *
   * @throws the signal's reason, when that aborts before
   */
  async alone<T>(
    { seconds, signal }: { seconds: number; signal?: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    const { promise: begun, resolve: begin, reject } = Promise.withResolvers<void>();
    const turn: Turn = { begin, seconds, until: 0 };
    const giveUp = () => reject(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', giveUp);
    try {
      this.#waiting.push(turn);
      if (!this.#running || this.#running.until < Date.now()) this.#next();
      await begun;
      return await work();
    } finally {
      signal?.removeEventListener('abort', giveUp);
      if (this.#running === turn) this.#next();
      else if (this.#waiting.includes(turn)) this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    }
  }

  #next(): void {
    this.#running = this.#waiting.shift();
    if (!this.#running) return;
    this.#running.until = Date.now() + this.#running.seconds * 1000;
    this.#running.begin();
  }
}
