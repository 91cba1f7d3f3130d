/**
 * Moves the average of the weights one step on, in place.
 *
 * Early on the average forgets faster than `decay` says, so that a short run does not carry its random start along.
 *
 * @param step counted from 0
 */
export function averageWeights(
  average: Float32Array,
  weights: Float32Array,
  decay: number,
  step: number,
): void {
  const share = 1 - Math.min(decay, (1 + step) / (10 + step));
  for (let i = 0; i < average.length; i++) average[i]! += share * (weights[i]! - average[i]!);
}
