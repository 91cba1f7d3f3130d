export interface AdamWSettings {
  beta1: number;
  beta2: number;
  /** Decoupled weight decay: the share of a weight taken away per step is `learningRate * weightDecay`. */
  weightDecay: number;
}

/** Running means of the gradient and of its square, one entry per weight. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

const EPSILON = 1e-8;

/**
 * One step of AdamW, in place (Loshchilov and Hutter 2019, algorithm 2).
 *
 * @param step counted from 0; it undoes the moments' start at zero
 */
export function adamw(
  weights: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  { beta1, beta2, weightDecay }: AdamWSettings,
  learningRate: number,
  step: number,
): void {
  const unbias1 = 1 / (1 - beta1 ** (step + 1));
  const unbias2 = 1 / (1 - beta2 ** (step + 1));
  const kept = 1 - learningRate * weightDecay;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]!;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    weights[i] = kept * weights[i]! - (learningRate * m * unbias1) / (Math.sqrt(v * unbias2) + EPSILON);
  }
}

/**
 * Scales the whole gradient down, in place, where its Euclidean norm passes `limit` (Pascanu et al. 2013).
 *
 * @returns the norm before scaling; NaN or infinite where the gradient is
 */
export function clipByGlobalNorm(gradient: Float32Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(sum);
  if (norm > limit) {
    const scale = limit / norm;
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= scale;
  }
  return norm;
}

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
