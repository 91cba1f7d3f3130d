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
