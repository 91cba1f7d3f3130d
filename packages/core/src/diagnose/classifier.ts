/** A perceptron with one hidden layer (tanh), its input standardised. */
export interface Perceptron {
  /** What is taken from each input and what it is then divided by. */
  mean: readonly number[];
  deviation: readonly number[];
  /** One row of weights for each unit, its bias last. */
  hidden: readonly (readonly number[])[];
  output: readonly (readonly number[])[];
}

/** Deviations from the mean beyond which an input says no more: what was never seen must not decide alone. */
export const FARTHEST = 4;

export function standardised(
  inputs: readonly number[],
  { mean, deviation }: Pick<Perceptron, 'mean' | 'deviation'>,
): number[] {
  return inputs.map((value, i) => {
    const away = (value - mean[i]!) / deviation[i]!;
    return Math.min(FARTHEST, Math.max(-FARTHEST, away));
  });
}

/** The outputs, without a function on top. */
export function perceive(inputs: readonly number[], perceptron: Perceptron): number[] {
  const scaled = standardised(inputs, perceptron);
  const units = perceptron.hidden.map((weights) => Math.tanh(weigh(weights, scaled)));
  return perceptron.output.map((weights) => weigh(weights, units));
}

function weigh(weights: readonly number[], values: readonly number[]): number {
  return values.reduce((sum, value, i) => sum + value * weights[i]!, weights[values.length]!);
}

export function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
}
