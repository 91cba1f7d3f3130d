/**
 * The least that merges images: their mean, and what a 1x1 convolution of them all adds to it. Untrained, it is the mean:
 * what a learned aggregator has to beat.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { imagesSetting } from './super-resolution.ts';

export const blendConfig = z.strictObject({ kind: z.literal('blend'), images: imagesSetting });

export type BlendConfig = z.infer<typeof blendConfig>;

export function blend(ops: Ops, all: Feature, { images }: BlendConfig): Feature {
  const correction = ops.conv(all, { name: 'blend', kernel: 1, channels: 3, gain: 0 });
  const sum = ops.split(all, images).reduce((a, b) => ops.add(a, b));
  return ops.add(ops.scale(sum, { factor: 1 / images }), correction);
}
