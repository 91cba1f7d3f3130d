import type { BlurKernel } from '../degradations/motion-blur.ts';
import type { Workspace } from '../kernels/workspace.ts';
import { resizePlane } from '../resize/bicubic.ts';
import { centred, enlarged, twoPixels, withoutNoise } from './kernel.ts';
import { fadeOut, type Plane, surround } from './plane.ts';
import { SparsePicture } from './sparse-picture.ts';

/** Of the kernel, in pixels: paths that reach further are cut. */
const SIZE = 33;
/** Of what surrounds the picture, against the kernel. */
const MARGIN = 0.75;
/** Each level of the pyramid has half the pixels of the one below. */
const REDUCTION = Math.SQRT1_2;
/** Of the smallest kernel, at the top of the pyramid. */
const SMALLEST = 5;
/** Times that picture and kernel are found by turns, at each level. */
const TURNS = 5;
/** What a gradient of the sharp picture costs that is not 0; it falls from turn to turn, and lets finer edges in. */
const GRADIENT_COST = 6e-3;
const COST_DECAY = 1.1;
const LAST_COST = 1e-4;

/**
 * Finds the kernel that blurred a whole picture, from nothing but the picture: the one that leaves it the fewest
 * gradients. From coarse to fine, picture and kernel are found by turns (`SparsePicture`), after Xu, Zheng and Jia, "Unnatural
 * L0 sparse representation for natural image deblurring" (CVPR 2013). What is cut from the kernel between turns, the
 * surroundings and the numbers are ours; these were chosen on 40 and 60 photographs of BSDS500's train folder.
 *
 * Gives the number of pixels that each step worked on, and in the end the kernel, its centre of mass in its middle.
 *
 * @param light of the picture (not its gamma-compressed values), 0..1, 16 to 462 pixels on each side
 * @param workspace all of which is used
 */
export function* estimateKernel(light: Plane, workspace: Workspace): Generator<number, BlurKernel> {
  const levels = Math.floor(Math.log(SMALLEST / SIZE) / Math.log(REDUCTION)) + 1;
  let kernel: BlurKernel | undefined;
  let cost = GRADIENT_COST;
  for (let level = levels - 1; level >= 0; level--) {
    const scale = REDUCTION ** level;
    const size = Math.max(3, Math.round(SIZE * scale) | 1);
    kernel = kernel ? enlarged(kernel, size, 1 / REDUCTION) : twoPixels(size);
    const margin = Math.max(Math.round(MARGIN * size), 8);
    const padded = surround(reduced(light, scale), margin);
    fadeOut(padded, margin);
    workspace.clear();
    const sparse = new SparsePicture(padded, workspace);
    for (let turn = 0; turn < TURNS; turn++) {
      yield* sparse.find(kernel, cost);
      kernel = centred(withoutNoise(sparse.fitKernel(size)));
      cost = Math.max(cost / COST_DECAY, LAST_COST);
    }
  }
  return kernel!;
}

function reduced({ width, height, values }: Plane, scale: number): Plane {
  if (scale === 1) return { width, height, values };
  const small = resizePlane(Float64Array.from(values), width, height, scale);
  return { width: small.width, height: small.height, values: Float32Array.from(small.plane) };
}
