/** What a run tells those who watch it, in the order in which it happens. */
export type TrainingEvent =
  /** The run starts, or continues, after this many steps. */
  | { kind: 'start'; step: number }
  /** After every step. */
  | { kind: 'step'; step: number; loss: number }
  /** Scalars of the last `every.log` steps, or of a validation, by their names in the logs. */
  | { kind: 'scalars'; step: number; values: Record<string, number> }
  | { kind: 'checkpoint'; step: number; file: string }
  /** A sentence for the person at the terminal. */
  | { kind: 'note'; message: string };

/** A log, a progress bar: whoever watches a run. */
export type Observer = (event: TrainingEvent) => void;
