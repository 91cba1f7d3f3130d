import type { Degradation, ImmediateDegradation } from './degradation.ts';

/** Reduces a photograph, and then spoils what is left of it by a degradation that keeps its size. */
export function chain(
  reduction: ImmediateDegradation & { scale: number },
  afterwards: Degradation,
): Degradation {
  const { scale } = reduction;
  return {
    scale,
    apply: (pixels, width, height, random) =>
      afterwards.apply(reduction.apply(pixels, width, height, random), width / scale, height / scale, random),
  };
}
