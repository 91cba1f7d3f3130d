/** Learning rate over a run: a linear warm-up, then half a cosine down to the final rate. */
export interface Schedule {
  learningRate: number;
  finalLearningRate: number;
  /** Steps of warm-up. */
  warmup: number;
  /** Steps of the whole run, warm-up included. */
  steps: number;
}

/**
 * The learning rate of one step.
 *
 * SGDR (Loshchilov and Hutter 2017, equation 5) without restarts, after the linear warm-up of Goyal et al. 2017.
 *
 * @param step counted from 0; the last step of the run is `steps - 1`
 */
export function learningRateAt(
  step: number,
  { learningRate, finalLearningRate, warmup, steps }: Schedule,
): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - 1 - warmup));
  return finalLearningRate + (learningRate - finalLearningRate) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
