/** Multiply-accumulates between two pauses: some 25 ms of one core's work, 5 where others want to be heard. */
const MACS_TO_PAUSE = 0.5e9;
const MACS_TO_PAUSE_CROWDED = 0.1e9;

/** What long work lets itself be interrupted by. */
export interface Interruptions {
  /** Stops at the next pause; the work then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Whether others want to be heard at once: while they do, it pauses five times as often, which takes a little longer. */
  crowded?: () => boolean;
}

/** The pauses of one piece of long work. */
export class Pauses {
  readonly #interruptions: Interruptions;
  #macs = 0;

  constructor(interruptions: Interruptions) {
    interruptions.signal?.throwIfAborted();
    this.#interruptions = interruptions;
  }

  /** Has the next piece of work followed by a pause, however little there was. */
  soon(): void {
    this.#macs = MACS_TO_PAUSE;
  }

  /** Counts work that was done, and pauses when there has been enough; rejects with the signal's reason when aborted. */
  async after(macs: number): Promise<void> {
    const { signal, crowded } = this.#interruptions;
    this.#macs += macs;
    if (this.#macs < (crowded?.() ? MACS_TO_PAUSE_CROWDED : MACS_TO_PAUSE)) return;
    this.#macs = 0;
    // Timers, requests and the abort itself are heard. A millisecond, since a request takes several turns to arrive.
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal?.throwIfAborted();
  }
}
