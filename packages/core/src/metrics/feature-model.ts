/** A Gaussian over the 36 features of a block. */
export interface FeatureModel {
  mean: readonly number[];
  /** Symmetric, 36x36; the lower triangle suffices. */
  covariance: readonly (readonly number[])[];
}

/** Mean and sample covariance of features; the covariance of a single block is 0. */
export function featureModel(blocks: readonly (readonly number[])[]): FeatureModel {
  const mean = blocks[0]!.map((_, i) => blocks.reduce((sum, block) => sum + block[i]!, 0) / blocks.length);
  const covariance = mean.map((_, i) =>
    mean.map((_, j) => {
      const products = blocks.reduce(
        (sum, block) => sum + (block[i]! - mean[i]!) * (block[j]! - mean[j]!),
        0,
      );
      return products / Math.max(1, blocks.length - 1);
    }),
  );
  return { mean, covariance };
}
