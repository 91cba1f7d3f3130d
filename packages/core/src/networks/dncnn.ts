/**
 * DnCNN: Zhang et al., Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image Denoising, TIP 2017. Plain
 * convolutions that predict the noise.
 *
 * The weights have the names of KAIR's code (cszn/KAIR), whose released networks have their batch norms folded.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { plainConvolutions } from './plain-convolutions.ts';

/** Without settings, the published network for colour. */
export const dncnnConfig = z.strictObject({
  kind: z.literal('dncnn'),
  width: z.int().positive().default(64),
  /** Convolutions, the first and the last one too. */
  depth: z.int().min(2).default(20),
});

export type DncnnConfig = z.infer<typeof dncnnConfig>;

export function dncnn(ops: Ops, photograph: Feature, config: DncnnConfig): Feature {
  const noise = plainConvolutions(ops, photograph, { ...config, channels: 3 });
  return ops.add(photograph, ops.scale(noise, { factor: -1 }));
}
