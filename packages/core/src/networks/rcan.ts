/**
 * RCAN: Zhang et al., Image Super-Resolution Using Very Deep Residual Channel Attention Networks, ECCV 2018. Residual
 * blocks whose channels are weighted by their means over the whole photograph, in groups with skips of their own.
 *
 * The weights have the names of BasicSR's code (XPixelGroup/BasicSR).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { centre, scaleSetting, uncentre, upsample } from './super-resolution.ts';

/** Without settings, the published teacher; MTKD's light student has 6 blocks. */
export const rcanConfig = z.strictObject({
  kind: z.literal('rcan'),
  scale: scaleSetting,
  width: z.int().positive().default(64),
  groups: z.int().nonnegative().default(10),
  /** Blocks of each group. */
  blocks: z.int().nonnegative().default(20),
  /** How many times narrower the channel attention is within. */
  squeeze: z.int().positive().default(16),
});

export type RcanConfig = z.infer<typeof rcanConfig>;

export function rcan(ops: Ops, photograph: Feature, config: RcanConfig): Feature {
  const { scale, width, groups, blocks, squeeze } = config;
  const settings = { kernel: 3, channels: width } as const;

  const head = ops.tap(ops.conv(centre(ops, photograph, 255), { ...settings, name: 'conv_first' }), 'head');
  let x = head;
  for (let group = 0; group < groups; group++) {
    const start = x;
    for (let index = 0; index < blocks; index++)
      x = block(ops, x, `body.${group}.residual_group.${index}.rcab`, squeeze);
    x = ops.add(ops.conv(x, { ...settings, name: `body.${group}.conv`, gain: 0.5 }), start);
    ops.tap(x, `body${group}`);
  }
  const tail = ops.tap(ops.conv(x, { ...settings, name: 'conv_after_body' }), 'tail');
  const large = upsample(ops, ops.add(tail, head), scale);
  return uncentre(ops, ops.conv(large, { name: 'conv_last', kernel: 3, channels: 3 }), 255);
}

/** A residual channel attention block; small second weights let two hundred of them start near identity. */
function block(ops: Ops, x: Feature, name: string, squeeze: number): Feature {
  const settings = { kernel: 3, channels: x.channels } as const;
  const inner = ops.conv(x, { ...settings, name: `${name}.0`, activation: 'relu' });
  const residual = ops.conv(inner, { ...settings, name: `${name}.2`, gain: 0.2 });

  const narrow = { name: `${name}.3.attention.1`, kernel: 1, channels: Math.floor(x.channels / squeeze) };
  const squeezed = ops.conv(ops.globalPool(residual, 'mean'), { ...narrow, activation: 'relu' });
  const wide = ops.conv(squeezed, { name: `${name}.3.attention.3`, kernel: 1, channels: x.channels });
  return ops.add(x, ops.multiply(residual, ops.activation(wide, 'sigmoid')));
}
