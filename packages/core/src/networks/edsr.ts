/**
 * EDSR: Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, CVPR Workshops 2017. Residual
 * blocks of two plain convolutions at the input's resolution, and sub-pixel convolution at the end.
 *
 * The weights have the names of BasicSR's code (XPixelGroup/BasicSR).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { centre, scaleSetting, uncentre, upsample } from './super-resolution.ts';

/** Without settings, the published teacher EDSR-L; the baseline is width 64, 16 blocks, residualScale 1. */
export const edsrConfig = z.strictObject({
  kind: z.literal('edsr'),
  scale: scaleSetting,
  width: z.int().positive().default(256),
  blocks: z.int().nonnegative().default(32),
  /** What a block's output is multiplied by before it is added: wide networks do not train without. */
  residualScale: z.number().positive().default(0.1),
});

export type EdsrConfig = z.infer<typeof edsrConfig>;

export function edsr(ops: Ops, photograph: Feature, config: EdsrConfig): Feature {
  const { scale, width, blocks, residualScale } = config;
  const settings = { kernel: 3, channels: width } as const;
  // Whatever scales the residuals, a fresh block adds about a tenth of what it computes.
  const gain = Math.min(1, 0.1 / residualScale);

  const head = ops.tap(ops.conv(centre(ops, photograph, 255), { ...settings, name: 'conv_first' }), 'head');
  let x = head;
  for (let block = 0; block < blocks; block++) {
    const inner = ops.conv(x, { ...settings, name: `body.${block}.conv1`, activation: 'relu' });
    const residual = ops.conv(inner, { ...settings, name: `body.${block}.conv2`, gain });
    x = ops.add(x, residualScale === 1 ? residual : ops.scale(residual, { factor: residualScale }));
    ops.tap(x, `body${block}`);
  }
  const tail = ops.tap(ops.conv(x, { ...settings, name: 'conv_after_body' }), 'tail');
  const large = upsample(ops, ops.add(tail, head), scale);
  return uncentre(ops, ops.conv(large, { name: 'conv_last', kernel: 3, channels: 3 }), 255);
}
