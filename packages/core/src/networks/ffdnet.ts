/**
 * FFDNet: Zhang et al., FFDNet: Toward a Fast and Flexible Solution for CNN-based Image Denoising, TIP 2018. Plain
 * convolutions at half the resolution, told how strong the noise is; the output is the photograph itself.
 *
 * The weights have the names of KAIR's code (cszn/KAIR).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { plainConvolutions } from './plain-convolutions.ts';

/** Without settings, the published network for colour. */
export const ffdnetConfig = z.strictObject({
  kind: z.literal('ffdnet'),
  width: z.int().positive().default(96),
  /** Convolutions, the first and the last one too. */
  depth: z.int().min(2).default(12),
});

export type FfdnetConfig = z.infer<typeof ffdnetConfig>;

export function ffdnet(ops: Ops, photograph: Feature, config: FfdnetConfig): Feature {
  const folded = ops.spaceToDepth(photograph, 2, 'channel');
  const told = ops.concat(folded, ops.noiseLevel(folded));
  return ops.depthToSpace(plainConvolutions(ops, told, { ...config, channels: 12 }), 2, 'channel');
}
