import { beforeAll, describe, expect, it } from 'vitest';
import { builds, relativeError, useBuild } from '../kernels/testing.ts';
import { Workspace } from '../kernels/workspace.ts';
import { Random } from '../random.ts';
import { twoPixels } from './kernel.ts';
import type { Plane } from './plane.ts';
import { SparsePicture } from './sparse-picture.ts';

/** Squares on a slope, with some noise: gradients of all sizes. */
function squares(width: number, height: number): Plane {
  const random = new Random('squares');
  const values = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return 0.3 * ((Math.floor(x / 9) + Math.floor(y / 7)) % 2) + (0.2 * x) / width + 0.02 * random.next();
  });
  return { width, height, values };
}

function kernelOf(blurred: Plane): Float32Array {
  const sparse = new SparsePicture(blurred, new Workspace());
  for (const pixels of sparse.find(twoPixels(5), 4e-3)) expect(pixels).toBe(blurred.values.length);
  return sparse.fitKernel(5).weights;
}

describe('SparsePicture', () => {
  let alone: Float32Array;
  beforeAll(async () => {
    await useBuild(undefined);
    alone = kernelOf(squares(64, 48));
  });

  it.each(builds)('comes to the same kernel with %s', async (_name, file) => {
    await useBuild(file);
    expect(relativeError(kernelOf(squares(64, 48)), alone)).toBeLessThan(1e-3);
  });

  it('finds most of the light of a sharp picture where it came from', () => {
    expect(alone[12]).toBe(Math.max(...alone));
  });
});
