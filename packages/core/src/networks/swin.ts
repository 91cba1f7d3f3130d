/**
 * The body that SwinIR and DCTSwin share: groups of Swin transformer blocks (Liu et al. 2021), each closed by a
 * convolution and a skip.
 *
 * The weights have the names of BasicSR's code (XPixelGroup/BasicSR).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

const count = z.int().positive();

/** The settings of the body; the networks differ in what they are without. */
export const swinSettings = ({ width, depths }: { width: number; depths: number[] }) => ({
  width: count.default(width),
  /** Blocks of each group. */
  depths: z.array(count).default(depths),
  heads: count.default(6),
  /** Side of the windows that attention stays in; every second block's are shifted by half of it. */
  window: count.multipleOf(2).default(8),
  /** How many times wider the perceptrons are within. */
  expansion: count.default(2),
});

export const headsDivideWidth = [
  ({ width, heads }: { width: number; heads: number }) => width % heads === 0,
  { path: ['heads'] as string[], error: 'must divide `width`' },
] as const;

export interface SwinBody {
  depths: number[];
  heads: number;
  window: number;
  expansion: number;
  /** What attention is among: the positions of a window, or the coefficients of its DCT. */
  tokens: 'positions' | 'frequencies';
}

/** Deep features of `head`, of its shape, and `head` itself added. Taps `body<group>` and `tail`. */
export function swinBody(ops: Ops, head: Feature, body: SwinBody): Feature {
  const settings = { kernel: 3, channels: head.channels } as const;
  let x = norm(ops, head, 'patch_embed.norm');
  for (const [group, depth] of body.depths.entries()) {
    const start = x;
    for (let index = 0; index < depth; index++)
      x = block(ops, x, `layers.${group}.residual_group.blocks.${index}`, body, index % 2 === 1);
    x = ops.add(ops.conv(x, { ...settings, name: `layers.${group}.conv` }), start);
    ops.tap(x, `body${group}`);
  }
  const tail = ops.conv(norm(ops, x, 'norm'), { ...settings, name: 'conv_after_body' });
  return ops.add(ops.tap(tail, 'tail'), head);
}

function block(ops: Ops, x: Feature, name: string, body: SwinBody, shifted: boolean): Feature {
  const { heads, window, tokens, expansion } = body;
  const shift = shifted ? window / 2 : 0;
  const transform = (y: Feature, direction: 'forward' | 'inverse') =>
    tokens === 'frequencies' ? ops.windowDct(y, window, direction) : y;
  const move = (y: Feature, offset: number) => (shifted ? ops.cyclicShift(y, offset) : y);

  const values = transform(move(norm(ops, x, `${name}.norm1`), shift), 'forward');
  const qkv = linear(ops, values, `${name}.attn.qkv`, 3 * x.channels);
  const mixed = ops.windowAttention(qkv, { name: `${name}.attn`, window, heads, shift, tokens });
  const projected = linear(ops, mixed, `${name}.attn.proj`, x.channels);
  const y = ops.add(x, move(transform(projected, 'inverse'), -shift));

  const hidden = linear(ops, norm(ops, y, `${name}.norm2`), `${name}.mlp.fc1`, expansion * x.channels);
  return ops.add(y, linear(ops, ops.activation(hidden, 'gelu'), `${name}.mlp.fc2`, x.channels));
}

function norm(ops: Ops, x: Feature, name: string): Feature {
  return ops.layerNorm(x, { name, epsilon: 1e-5 });
}

/** A linear layer whose weights start with a deviation of 0.02, as transformers' do. */
function linear(ops: Ops, x: Feature, name: string, channels: number): Feature {
  return ops.conv(x, { name, kernel: 1, channels, gain: 0.02 * Math.sqrt(x.channels) });
}
