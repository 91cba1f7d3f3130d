/** Where a photograph is restored. */
export type Place = 'server' | 'browser';

/** A restored photograph, and what is known of how it was made. */
export interface Outcome {
  image: Blob;
  /** What was done; null where `auto` found nothing to mend, and the photograph is as it came. */
  task: string | null;
  model: string | null;
  tiles: number;
  /** From asking to having the file. */
  milliseconds: number;
  phases: Phase[];
}

export interface Phase {
  name: string;
  milliseconds: number;
}

/** How far a restoration is: what is going on, and the share of it that is done where that is known. */
export type OnProgress = (doing: string, share?: number) => void;

/** Restores the bytes of an image file. Rejects with a `Trouble`, or the signal's reason when it is aborted. */
export type Restore = (
  file: Blob,
  task: string,
  signal: AbortSignal,
  onProgress: OnProgress,
) => Promise<Outcome>;

/** What went wrong, in words for the visitor. */
export class Trouble extends Error {
  /** Of the server's answer, where it is what went wrong. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}
