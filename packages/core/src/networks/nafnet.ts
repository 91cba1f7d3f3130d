/**
 * NAFNet: Chen et al., Simple Baselines for Image Restoration, ECCV 2022. A U of blocks without any activation
 * function: products of halves of the channels take their place.
 *
 * The weights have the names of the official code (megvii-research/NAFNet). The channel attention's means are over the
 * whole photograph in training and over windows of the training size at inference (Chu et al. 2022), which is the
 * business of whoever cuts the tiles.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

const count = z.int().nonnegative();

/** Without settings, the teacher that was published for denoising (SIDD), at its width of 32. */
export const nafnetConfig = z
  .strictObject({
    kind: z.literal('nafnet'),
    /** Channels of the first level; each level has twice those of the one before. */
    width: z.int().positive().default(32),
    /** Blocks of each level on the way down, finest first. */
    encoder: z.array(count).min(1).default([2, 2, 4, 8]),
    /** Blocks of the deepest level. */
    middle: count.default(12),
    /** Blocks of each level on the way up, finest first. */
    decoder: z.array(count).default([2, 2, 2, 2]),
  })
  .refine((config) => config.decoder.length === config.encoder.length, {
    path: ['decoder'],
    error: 'must have one entry for each of `encoder`',
  });

export type NafnetConfig = z.infer<typeof nafnetConfig>;

export function nafnet(ops: Ops, photograph: Feature, config: NafnetConfig): Feature {
  const { width, encoder, middle, decoder } = config;
  const levels = encoder.length;

  const skips: Feature[] = [];
  let x = ops.conv(photograph, { name: 'intro', kernel: 3, channels: width });
  for (let level = 0; level < levels; level++) {
    x = ops.tap(blocks(ops, x, `encoders.${level}`, encoder[level]!), `encoder${level}`);
    skips.push(x);
    x = ops.conv(x, { name: `downs.${level}`, kernel: 2, step: 2, channels: 2 * x.channels });
  }
  x = ops.tap(blocks(ops, x, 'middle_blks', middle), `encoder${levels}`);
  for (let level = levels - 1; level >= 0; level--) {
    // The official code counts the way up from the deepest level.
    const stage = levels - 1 - level;
    x = ops.conv(x, { name: `ups.${stage}.0`, kernel: 1, channels: 2 * x.channels, bias: false });
    x = ops.add(ops.depthToSpace(x, 2, 'channel'), skips[level]!);
    x = ops.tap(blocks(ops, x, `decoders.${stage}`, decoder[level]!), `decoder${level}`);
  }
  return ops.add(ops.conv(x, { name: 'ending', kernel: 3, channels: 3 }), photograph);
}

function blocks(ops: Ops, input: Feature, name: string, count: number): Feature {
  let x = input;
  for (let index = 0; index < count; index++) x = block(ops, x, `${name}.${index}`);
  return x;
}

/** Two gated residual branches, the first one spatial; both start at zero. */
function block(ops: Ops, x: Feature, name: string): Feature {
  const width = x.channels;
  const pointwise = (y: Feature, part: string, channels: number) =>
    ops.conv(y, { name: `${name}.${part}`, kernel: 1, channels });
  const norm = (y: Feature, part: string) => ops.layerNorm(y, { name: `${name}.${part}`, epsilon: 1e-6 });
  const join = (y: Feature, branch: Feature, part: string) =>
    ops.add(y, ops.channelScale(branch, { name: `${name}.${part}`, start: 0 }));

  const wide = pointwise(norm(x, 'norm1'), 'conv1', 2 * width);
  const gated = ops.gate(ops.depthwise(wide, { name: `${name}.conv2`, kernel: 3 }));
  const attended = ops.multiply(gated, pointwise(ops.globalPool(gated, 'mean'), 'sca.1', width));
  const y = join(x, pointwise(attended, 'conv3', width), 'beta');

  const hidden = ops.gate(pointwise(norm(y, 'norm2'), 'conv4', 2 * width));
  return join(y, pointwise(hidden, 'conv5', width), 'gamma');
}
