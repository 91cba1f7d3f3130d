/**
 * ADNet: Tian et al., Attention-guided CNN for Image Denoising, Neural Networks 2020. Convolutions, some of them
 * dilated, predict the noise; a 1x1 convolution of photograph and noise weighs it.
 *
 * The weights have the names of the official code (hellloxiaotian/ADNet), its batch norms folded into the convolutions
 * before them.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** Without settings, the published network for colour. */
export const adnetConfig = z.strictObject({
  kind: z.literal('adnet'),
  width: z.int().positive().default(64),
});

export type AdnetConfig = z.infer<typeof adnetConfig>;

/** Convolutions before the last one; the official names count them from 1. */
export const adnetDepth = 15;

/** Those of them that look two positions far. */
const dilated = [2, 5, 9, 12];

export function adnet(ops: Ops, photograph: Feature, { width }: AdnetConfig): Feature {
  let x = photograph;
  for (let layer = 1; layer <= adnetDepth; layer++) {
    const settings = { name: `conv1_${layer}.0`, kernel: 3, channels: width } as const;
    x = ops.conv(x, { ...settings, dilation: dilated.includes(layer) ? 2 : 1, activation: 'relu' });
    ops.tap(x, layer === 1 ? 'head' : `body${layer - 2}`);
  }
  const noise = ops.conv(x, { name: 'conv1_16', kernel: 3, channels: 3, bias: false });
  const seen = ops.activation(ops.concat(photograph, noise), 'tanh');
  const weighed = ops.multiply(ops.conv(seen, { name: 'conv3', kernel: 1, channels: 3 }), noise);
  return ops.add(photograph, ops.scale(weighed, { factor: -1 }));
}
