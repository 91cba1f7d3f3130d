/** White noise of deviation 1 leaves this variance behind `residual`. */
export const GAIN = 36;

/** A second difference along both axes at value `i`: (1 -2 1) x (1 -2 1), its taps `dx` values apart across, `dy` down. */
export function residual(plane: Float32Array, i: number, dx: number, dy: number): number {
  const above = i - dy;
  const below = i + dy;
  return (
    4 * plane[i]! -
    2 * (plane[i - dx]! + plane[i + dx]! + plane[above]! + plane[below]!) +
    plane[above - dx]! +
    plane[above + dx]! +
    plane[below - dx]! +
    plane[below + dx]!
  );
}
