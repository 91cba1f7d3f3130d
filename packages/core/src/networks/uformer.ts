/**
 * Uformer: Wang et al., A General U-Shaped Transformer for Image Restoration, CVPR 2022. A U of transformer blocks with
 * attention inside windows of 8x8 positions, every second block's windows shifted by half.
 *
 * The weights have the names of the official code (ZhendongWang6/Uformer).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

const levels = 4;

/** Without settings, the published teacher Uformer-B: 50.9 M parameters. */
export const uformerConfig = z
  .strictObject({
    kind: z.literal('uformer'),
    /** Channels of the first level. */
    width: z.int().positive().default(32),
    /** Blocks of each stage: four on the way down, the deepest, four on the way up, in the order in which they run. */
    blocks: z
      .array(z.int().nonnegative())
      .length(2 * levels + 1)
      .default([1, 2, 8, 8, 2, 8, 8, 2, 1]),
    /** Heads of the attention of each stage. */
    heads: z
      .array(z.int().positive())
      .length(2 * levels + 1)
      .default([1, 2, 4, 8, 16, 16, 8, 4, 2]),
    window: z.int().positive().multipleOf(2).default(8),
    /** A trained offset for each position of the windows, on the way up. */
    modulator: z.boolean().default(true),
    /** Side of the training patches: where a level of them is no larger than the window, its windows do not shift. */
    size: z.int().positive().multipleOf(32).default(256),
  })
  .superRefine((config, context) => {
    const fits = config.heads.every((heads, stage) => stageWidth(config.width, stage) % heads === 0);
    if (!fits)
      context.addIssue({ code: 'custom', path: ['heads'], message: 'must divide the channels of its stage' });
  });

export type UformerConfig = z.infer<typeof uformerConfig>;

/** The way up is twice as wide as the way down, since skips are concatenated. */
function stageWidth(width: number, stage: number): number {
  return stage <= levels ? width * 2 ** stage : 2 * width * 2 ** (2 * levels - stage);
}

export function uformer(ops: Ops, photograph: Feature, config: UformerConfig): Feature {
  const stageBlocks = (input: Feature, name: string, stage: number) => {
    const side = config.size / 2 ** Math.min(stage, 2 * levels - stage);
    let x = input;
    for (let index = 0; index < config.blocks[stage]!; index++)
      x = block(ops, x, `${name}.blocks.${index}`, {
        heads: config.heads[stage]!,
        window: Math.min(config.window, side),
        shift: side > config.window && index % 2 === 1 ? config.window / 2 : 0,
        modulator: config.modulator && stage > levels,
      });
    return x;
  };

  const skips: Feature[] = [];
  let x = ops.conv(photograph, {
    name: 'input_proj.proj.0',
    kernel: 3,
    channels: config.width,
    activation: 'leaky-relu',
  });
  for (let level = 0; level < levels; level++) {
    x = ops.tap(stageBlocks(x, `encoderlayer_${level}`, level), `encoder${level}`);
    skips.push(x);
    x = ops.conv(x, { name: `dowsample_${level}.conv.0`, kernel: 4, step: 2, channels: 2 * x.channels });
  }
  x = ops.tap(stageBlocks(x, 'conv', levels), `encoder${levels}`);
  for (let level = levels - 1; level >= 0; level--) {
    // The official code counts the way up from the deepest level.
    const step = levels - 1 - level;
    const channels = skips[level]!.channels;
    const unfolded = ops.conv(x, { name: `upsample_${step}.deconv.0`, kernel: 1, channels: 4 * channels });
    x = ops.concat(ops.depthToSpace(unfolded, 2), skips[level]!);
    x = ops.tap(stageBlocks(x, `decoderlayer_${step}`, levels + 1 + step), `decoder${level}`);
  }
  return ops.add(ops.conv(x, { name: 'output_proj.proj.0', kernel: 3, channels: 3 }), photograph);
}

/** LeWin transformer block (section 3.2). */
function block(
  ops: Ops,
  x: Feature,
  name: string,
  settings: { heads: number; window: number; shift: number; modulator: boolean },
): Feature {
  const y = ops.add(x, attention(ops, norm(ops, x, `${name}.norm1`), name, settings));
  return ops.add(y, feedForward(ops, norm(ops, y, `${name}.norm2`), `${name}.mlp`));
}

const norm = (ops: Ops, x: Feature, name: string): Feature => ops.layerNorm(x, { name, epsilon: 1e-5 });

function attention(
  ops: Ops,
  x: Feature,
  name: string,
  { heads, window, shift, modulator }: { heads: number; window: number; shift: number; modulator: boolean },
): Feature {
  const shifted = shift > 0 ? ops.cyclicShift(x, shift) : x;
  const tokens = modulator ? ops.windowOffset(shifted, { name: `${name}.modulator`, window }) : shifted;
  const qkv = ops.conv(tokens, { name: `${name}.attn.qkv`, kernel: 1, channels: 3 * x.channels });
  const attended = ops.windowAttention(qkv, { name: `${name}.attn`, window, heads, shift });
  const projected = ops.conv(attended, { name: `${name}.attn.proj`, kernel: 1, channels: x.channels });
  return shift > 0 ? ops.cyclicShift(projected, -shift) : projected;
}

/** Locally-enhanced feed-forward network (LeFF). */
function feedForward(ops: Ops, x: Feature, name: string): Feature {
  const wide = ops.conv(x, { name: `${name}.linear1.0`, kernel: 1, channels: 4 * x.channels });
  const local = ops.depthwise(ops.activation(wide, 'gelu'), { name: `${name}.dwconv.0`, kernel: 3 });
  const hidden = ops.activation(local, 'gelu');
  return ops.conv(hidden, { name: `${name}.linear2.0`, kernel: 1, channels: x.channels });
}
