/**
 * The edge student: an encoder-decoder of plain 3x3 convolutions that never works at full resolution.
 *
 * On WebAssembly a wide 3x3 convolution runs at several times the rate of depthwise convolutions, normalisation,
 * concatenation or attention, so the network is made of nothing else. Space-to-depth at the entrance halves the
 * resolution without losing a value (as FFDNet does), levels are joined by 1x1 convolutions around space-to-depth,
 * skips are sums, and the network predicts what to add to its input. The same function with wider levels and more
 * blocks is the teacher.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** Channels of a network made for the convolution kernels. */
export const kernelWidth = z
  .int()
  .positive()
  .refine((value) => value % 8 === 0, {
    error: 'must be a multiple of 8, the width the convolution kernels work in',
  });
const blocks = z.array(z.int().nonnegative());

export const edgeUnetConfig = z
  .strictObject({
    kind: z.literal('edge-unet'),
    /** Channels of each level, finest (half resolution) first. */
    widths: z.array(kernelWidth).min(1),
    /** Residual blocks of each level on the way down, the deepest last. */
    encoder: blocks,
    /** Residual blocks of each level on the way up, finest first; the deepest level has none. */
    decoder: blocks,
    /** Whether the network predicts what to add to its input, as it does unless told otherwise, or the image itself. */
    residual: z.boolean().optional(),
    /** How many images of one photograph lie side by side in its input, of which it adds to the first; one unless given. */
    images: z.int().min(2).optional(),
  })
  .refine((config) => config.encoder.length === config.widths.length, {
    path: ['encoder'],
    error: 'must have one entry for each of `widths`',
  })
  .refine((config) => config.decoder.length === config.widths.length - 1, {
    path: ['decoder'],
    error: 'must have one entry fewer than `widths`',
  });

export type EdgeUnetConfig = z.infer<typeof edgeUnetConfig>;

export function edgeUnet(ops: Ops, seen: Feature, config: EdgeUnetConfig): Feature {
  const { widths, encoder, decoder, residual = true, images = 1 } = config;
  const deepest = widths.length - 1;

  const skips: Feature[] = [];
  let x = ops.conv(ops.spaceToDepth(seen, 2), { name: 'head', kernel: 3, channels: widths[0]! });
  for (let level = 0; level <= deepest; level++) {
    if (level > 0) {
      skips.push(x);
      const folded = ops.spaceToDepth(x, 2);
      x = ops.conv(folded, { name: `down${level}`, kernel: 1, channels: widths[level]! });
    }
    x = residualBlocks(ops, x, `encoder${level}`, encoder[level]!);
    ops.tap(x, `encoder${level}`);
  }
  for (let level = deepest - 1; level >= 0; level--) {
    const unfolded = ops.conv(x, { name: `up${level}`, kernel: 1, channels: 4 * widths[level]! });
    x = ops.add(ops.depthToSpace(unfolded, 2), skips[level]!);
    x = residualBlocks(ops, x, `decoder${level}`, decoder[level]!);
    ops.tap(x, `decoder${level}`);
  }
  const unfolded = ops.conv(x, { name: 'tail', kernel: 3, channels: 12, gain: residual ? 0 : 1 });
  const image = ops.depthToSpace(unfolded, 2);
  if (!residual) return image;
  return ops.add(images === 1 ? seen : ops.slice(seen, 0, 3), image);
}

/** `count` times x + conv(relu(conv(x))), as in EDSR; small second weights let a deep stack start near identity. */
function residualBlocks(ops: Ops, input: Feature, name: string, count: number): Feature {
  let x = input;
  for (let block = 0; block < count; block++) {
    const settings = { kernel: 3, channels: x.channels } as const;
    const inner = ops.conv(x, { ...settings, name: `${name}.${block}.a`, activation: 'relu' });
    x = ops.add(x, ops.conv(inner, { ...settings, name: `${name}.${block}.b`, gain: 0.2 }));
  }
  return x;
}
