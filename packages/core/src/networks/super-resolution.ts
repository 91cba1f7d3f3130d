/** What networks for super-resolution have in common: the constants around them, and the way they enlarge. */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** How many output pixels an input pixel becomes along each axis. */
export const scaleSetting = z.union([z.literal(2), z.literal(3), z.literal(4)]).default(4);

export type Scale = z.infer<typeof scaleSetting>;

/** How many images a network merges that reads them side by side. */
export const imagesSetting = z.int().positive().default(3);

/** DIV2K's mean colour, 0..1 (Lim et al. 2017), which EDSR and its successors take off their input. */
export const meanColour: readonly [number, number, number] = [0.4488, 0.4371, 0.404];

/** A photograph, 0..1, as EDSR and its successors see it: without DIV2K's mean colour, times `range`. */
export function centre(ops: Ops, photograph: Feature, range: number): Feature {
  return ops.scale(photograph, { factor: range, offset: meanColour.map((mean) => -mean * range) });
}

/** The inverse of `centre`. */
export function uncentre(ops: Ops, image: Feature, range: number): Feature {
  return ops.scale(image, { factor: 1 / range, offset: [...meanColour] });
}

/** Enlarges by sub-pixel convolution (Shi et al. 2016): x4 is x2 twice. Its layers are named as in BasicSR. */
export function upsample(ops: Ops, x: Feature, scale: Scale): Feature {
  const steps = scale === 4 ? [2, 2] : [scale];
  return steps.reduce((feature, block, step) => {
    const settings = { name: `upsample.${2 * step}`, kernel: 3, channels: block * block * x.channels };
    return ops.depthToSpace(ops.conv(feature, settings), block, 'channel');
  }, x);
}
