/**
 * The edge student for super-resolution: plain 3x3 convolutions at the resolution of the input, and a pixel shuffle at
 * the end (ESPCN, Shi et al. 2016).
 *
 * As in the edge student for restoration, nothing else is affordable on WebAssembly. Two long residuals, as in SESR
 * (Bhardwaj et al. 2022), let so plain a stack train: its first features are added to its last, and the network predicts
 * what to add to its input, every pixel of which is repeated (as in ECBSR, Zhang et al. 2021): enlarged by the nearest
 * pixel, before the shuffle, where repeating channels is all there is to it. So an untrained network is that enlargement.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { kernelWidth } from './edge-unet.ts';
import { scaleSetting } from './super-resolution.ts';

/** Without settings, what an output of 1280x720 takes 11.6 G MACs for at x2, and 3.5 G at x4. */
export const edgeSrConfig = z.strictObject({
  kind: z.literal('edge-sr'),
  scale: scaleSetting,
  width: kernelWidth.default(32),
  /** Convolutions between the first, which widens, and the last, which predicts the output's pixels. */
  depth: z.int().positive().default(5),
});

export type EdgeSrConfig = z.infer<typeof edgeSrConfig>;

export function edgeSr(ops: Ops, photograph: Feature, { scale, width, depth }: EdgeSrConfig): Feature {
  const settings = { kernel: 3, channels: width, activation: 'relu' } as const;
  const head = ops.tap(ops.conv(photograph, { ...settings, name: 'head' }), 'head');
  let x = head;
  for (let index = 0; index < depth; index++)
    x = ops.tap(ops.conv(x, { ...settings, name: `body.${index}` }), `body${index}`);
  const features = ops.tap(ops.add(x, head), 'tail');
  const pixels = scale * scale;
  const correction = ops.conv(features, { name: 'tail', kernel: 3, channels: 3 * pixels, gain: 0 });
  const repeated = ops.concat(...Array.from({ length: pixels }, () => photograph));
  return ops.depthToSpace(ops.add(correction, repeated), scale);
}
