import type { Perceptron } from './classifier.ts';

export const diagnosisModel: Perceptron & { threshold: number } = {
  threshold: 1,
  mean: [],
  deviation: [],
  hidden: [],
  output: [],
};
