/**
 * Restormer: Zamir et al., Efficient Transformer for High-Resolution Image Restoration, CVPR 2022. A U of transformer
 * blocks whose attention is among channels, so that its cost grows with the number of pixels and not with its square.
 *
 * The weights have the names of the official code (swz30/Restormer).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** What Restormer and DRSformer are described by; the defaults are those of both published networks. */
export const restormerSettings = {
  /** Channels of the first level; each level has twice those of the one before. */
  width: z.int().positive().multipleOf(2).default(48),
  /** Transformer blocks of each level, finest first; all but the deepest have as many on the way up. */
  blocks: z.array(z.int().nonnegative()).min(2).default([4, 6, 6, 8]),
  /** Heads of the attention of each level. */
  heads: z.array(z.int().positive()).default([1, 2, 4, 8]),
  /** Hidden channels of the feed-forward networks, as a multiple of their input's. */
  expansion: z.number().positive().default(2.66),
};

/** Refuses settings that do not fit together. */
export function checkLevels(
  { width, blocks, heads }: { width: number; blocks: number[]; heads: number[] },
  context: z.RefinementCtx,
): void {
  const fits =
    heads.length === blocks.length && heads.every((count, level) => (width * 2 ** level) % count === 0);
  if (!fits)
    context.addIssue({
      code: 'custom',
      path: ['heads'],
      message: 'must have one entry for each of `blocks`, and divide the channels of its level',
    });
}

/** Without settings, the published teacher of 26.1 M parameters. */
export const restormerConfig = z
  .strictObject({
    kind: z.literal('restormer'),
    ...restormerSettings,
    /** Blocks after the last level, at full resolution. */
    refinement: z.int().nonnegative().default(4),
    /** Layer normalisation without centring, as in the networks published for Gaussian noise. */
    biasFree: z.boolean().default(false),
  })
  .superRefine(checkLevels);

export type RestormerConfig = z.infer<typeof restormerConfig>;

export function restormer(ops: Ops, photograph: Feature, config: RestormerConfig): Feature {
  const norm = (x: Feature, name: string) =>
    ops.layerNorm(x, { name: `${name}.body`, epsilon: 1e-5, centred: !config.biasFree });
  const block = (x: Feature, name: string, heads: number) => {
    const attended = attention(ops, norm(x, `${name}.norm1`), `${name}.attn`, heads);
    const y = ops.add(x, attended);
    return ops.add(y, feedForward(ops, norm(y, `${name}.norm2`), `${name}.ffn`, config.expansion));
  };
  const x = restormerUnet(ops, ops.conv(photograph, embedding(config)), config, block);
  const refined = stack(x, 'refinement', config.refinement, (y, name) => block(y, name, config.heads[0]!));
  return residual(ops, photograph, ops.tap(refined, 'refinement'));
}

/** The 3x3 convolution that both networks start with. */
export const embedding = ({ width }: { width: number }) =>
  ({ name: 'patch_embed.proj', kernel: 3, channels: width, bias: false }) as const;

/** The 3x3 convolution that both networks end with: it predicts what to add to the photograph. */
export const residual = (ops: Ops, photograph: Feature, x: Feature): Feature =>
  ops.add(ops.conv(x, { name: 'output', kernel: 3, channels: 3, bias: false }), photograph);

/**
 * The U from the embedded photograph to the first level's last block. Skips are concatenated; a 1x1 convolution halves
 * the channels again at every level but the first, which so works at twice its width on the way up.
 */
export function restormerUnet(
  ops: Ops,
  embedded: Feature,
  { blocks, heads }: { blocks: number[]; heads: number[] },
  block: (x: Feature, name: string, heads: number) => Feature,
): Feature {
  const deepest = blocks.length - 1;
  const levelBlocks = (x: Feature, name: string, level: number) =>
    stack(x, name, blocks[level]!, (y, blockName) => block(y, blockName, heads[level]!));
  const plain = (x: Feature, name: string, kernel: number, channels: number) =>
    ops.conv(x, { name, kernel, channels, bias: false });

  // The official code counts levels from 1.
  const skips: Feature[] = [];
  let x = embedded;
  for (let level = 0; level < deepest; level++) {
    x = ops.tap(levelBlocks(x, `encoder_level${level + 1}`, level), `encoder${level}`);
    skips.push(x);
    const folded = plain(x, `down${level + 1}_${level + 2}.body.0`, 3, x.channels / 2);
    x = ops.spaceToDepth(folded, 2, 'channel');
  }
  x = ops.tap(levelBlocks(x, 'latent', deepest), `encoder${deepest}`);
  for (let level = deepest - 1; level >= 0; level--) {
    const unfolded = plain(x, `up${level + 2}_${level + 1}.body.0`, 3, 2 * x.channels);
    x = ops.concat(ops.depthToSpace(unfolded, 2, 'channel'), skips[level]!);
    if (level > 0) x = plain(x, `reduce_chan_level${level + 1}`, 1, x.channels / 2);
    x = ops.tap(levelBlocks(x, `decoder_level${level + 1}`, level), `decoder${level}`);
  }
  return x;
}

/** Multi-Dconv head transposed attention (MDTA, section 3.1). */
function attention(ops: Ops, x: Feature, name: string, heads: number): Feature {
  const qkv = ops.conv(x, { name: `${name}.qkv`, kernel: 1, channels: 3 * x.channels, bias: false });
  const local = ops.depthwise(qkv, { name: `${name}.qkv_dwconv`, kernel: 3, bias: false });
  const attended = ops.channelAttention(local, { name, heads });
  return ops.conv(attended, { name: `${name}.project_out`, kernel: 1, channels: x.channels, bias: false });
}

/** Gated-Dconv feed-forward network (GDFN, section 3.2). */
function feedForward(ops: Ops, x: Feature, name: string, expansion: number): Feature {
  const hidden = Math.trunc(expansion * x.channels);
  const wide = ops.conv(x, { name: `${name}.project_in`, kernel: 1, channels: 2 * hidden, bias: false });
  const local = ops.depthwise(wide, { name: `${name}.dwconv`, kernel: 3, bias: false });
  const gated = ops.gate(local, 'gelu');
  return ops.conv(gated, { name: `${name}.project_out`, kernel: 1, channels: x.channels, bias: false });
}

/** `count` blocks one after another. */
function stack(
  input: Feature,
  name: string,
  count: number,
  block: (x: Feature, name: string) => Feature,
): Feature {
  let x = input;
  for (let index = 0; index < count; index++) x = block(x, `${name}.${index}`);
  return x;
}
