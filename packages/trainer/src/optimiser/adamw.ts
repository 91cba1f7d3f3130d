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
