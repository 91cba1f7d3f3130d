/**
 * Solves `matrix x = right` for a symmetric positive definite matrix, of which the lower triangle is read.
 * @throws RangeError when the matrix is not positive definite.
 */
export function choleskySolve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const lower: number[][] = [];
  const forward: number[] = [];
  for (const [i, row] of matrix.entries()) {
    const factors: number[] = [];
    for (let j = 0; j <= i; j++) {
      const other = j === i ? factors : lower[j]!;
      let rest = row[j]!;
      for (let k = 0; k < j; k++) rest -= factors[k]! * other[k]!;
      if (j === i && !(rest > 0)) throw new RangeError('The matrix is not positive definite.');
      factors.push(j === i ? Math.sqrt(rest) : rest / other[j]!);
    }
    lower.push(factors);
    const known = forward.reduce((sum, value, k) => sum + factors[k]! * value, 0);
    forward.push((right[i]! - known) / factors[i]!);
  }
  const solution = new Array<number>(right.length).fill(0);
  for (let i = right.length - 1; i >= 0; i--) {
    let rest = forward[i]!;
    for (let k = i + 1; k < right.length; k++) rest -= lower[k]![i]! * solution[k]!;
    solution[i] = rest / lower[i]![i]!;
  }
  return solution;
}
