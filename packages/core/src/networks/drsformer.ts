/**
 * DRSformer: Chen et al., Learning A Sparse Transformer Network for Effective Image Deraining, CVPR 2023. Restormer's U
 * with attention that keeps only the strongest agreements, feed-forward networks at two scales, and a mixture of
 * convolutions before the first level and after the last.
 *
 * The weights have the names of the official code (cschenxiang/DRSformer).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { checkLevels, embedding, residual, restormerSettings, restormerUnet } from './restormer.ts';

/** Without settings, the published teacher of 33.7 M parameters. */
export const drsformerConfig = z
  .strictObject({
    kind: z.literal('drsformer'),
    ...restormerSettings,
    /** Steps of the mixtures of convolutions; 0 leaves them out, as the networks published for Rain200L and SPA do. */
    mixtureSteps: z.int().nonnegative().default(4),
  })
  .superRefine(checkLevels)
  .refine(({ width, heads }) => heads.every((count, level) => width * 2 ** level >= 2 * count), {
    path: ['heads'],
    error: 'must leave two channels or more to each head, the stronger of which it keeps',
  });

export type DrsformerConfig = z.infer<typeof drsformerConfig>;

export function drsformer(ops: Ops, photograph: Feature, config: DrsformerConfig): Feature {
  const norm = (x: Feature, name: string) => ops.layerNorm(x, { name: `${name}.body`, epsilon: 1e-5 });
  const block = (x: Feature, name: string, heads: number) => {
    const y = ops.add(x, attention(ops, norm(x, `${name}.norm1`), `${name}.attn`, heads));
    return ops.add(y, feedForward(ops, norm(y, `${name}.norm2`), `${name}.ffn`, config.expansion));
  };
  const embedded = ops.conv(photograph, embedding(config));
  const mixed = mixture(ops, embedded, 'encoder_level0', config.mixtureSteps);
  const x = restormerUnet(ops, mixed, config, block);
  const refined = mixture(ops, x, 'refinement', config.mixtureSteps);
  return residual(ops, photograph, ops.tap(refined, 'refinement'));
}

/** Top-k sparse attention among channels (TKSA, section 3.2). */
function attention(ops: Ops, x: Feature, name: string, heads: number): Feature {
  const qkv = ops.conv(x, { name: `${name}.qkv`, kernel: 1, channels: 3 * x.channels, bias: false });
  const local = ops.depthwise(qkv, { name: `${name}.qkv_dwconv`, kernel: 3, bias: false });
  const attended = ops.sparseChannelAttention(local, { name, heads });
  return ops.conv(attended, { name: `${name}.project_out`, kernel: 1, channels: x.channels, bias: false });
}

/** Mixed-scale feed-forward network (MSFN, section 3.3): each scale's halves cross over to the other scale. */
function feedForward(ops: Ops, x: Feature, name: string, expansion: number): Feature {
  const hidden = Math.trunc(expansion * x.channels);
  const wide = ops.conv(x, { name: `${name}.project_in`, kernel: 1, channels: 2 * hidden, bias: false });
  const [fine, coarse] = [3, 5].map((kernel) => {
    const local = ops.depthwise(wide, { name: `${name}.dwconv${kernel}x${kernel}`, kernel, bias: false });
    return ops.split(ops.activation(local, 'relu'), 2);
  }) as [Feature[], Feature[]];
  const crossed = [3, 5].map((kernel, half) => {
    const both = ops.concat(fine[half]!, coarse[half]!);
    const settings = { name: `${name}.dwconv${kernel}x${kernel}_1`, kernel, channels: hidden };
    return ops.activation(ops.groupedConv(both, settings), 'relu');
  });
  return ops.conv(ops.concat(...crossed), {
    name: `${name}.project_out`,
    kernel: 1,
    channels: x.channels,
    bias: false,
  });
}

/** The convolutions that a mixture weighs, beside an average over 3x3 positions. */
const experts = [
  { kernel: 1, dilation: 1 },
  { kernel: 3, dilation: 1 },
  { kernel: 5, dilation: 1 },
  { kernel: 7, dilation: 1 },
  { kernel: 3, dilation: 2 },
  { kernel: 5, dilation: 2 },
  { kernel: 7, dilation: 2 },
];

/** Mixture of experts feature compensator (MEFC, section 3.4): the whole photograph decides what each one counts. */
function mixture(ops: Ops, x: Feature, name: string, steps: number): Feature {
  if (steps === 0) return x;
  const count = experts.length + 1;
  const [gate, layer] = [`${name}.layers.0.ca_fc`, `${name}.layers.1`];
  const hidden = ops.conv(ops.globalPool(x, 'mean'), {
    name: `${gate}.0`,
    kernel: 1,
    channels: 2 * steps * count,
    activation: 'relu',
  });
  const scores = ops.conv(hidden, { name: `${gate}.2`, kernel: 1, channels: steps * count });
  const shares = ops.split(scores, steps).map((step) => ops.split(ops.activation(step, 'softmax'), count));

  const relu = { kernel: 1, channels: x.channels, bias: false, activation: 'relu' } as const;
  let y = ops.conv(x, { ...relu, name: `${layer}.preprocess.op.0` });
  for (const [step, share] of shares.entries()) {
    const path = `${layer}._ops.${step}`;
    const outputs = experts.map((expert, index) => separable(ops, y, `${path}._ops.${index}.op`, expert));
    const weighed = [...outputs, ops.averagePool(y, 3)].map((output, i) => ops.multiply(output, share[i]!));
    const joined = ops.conv(ops.concat(...weighed), { ...relu, name: `${path}._out.0` });
    y = ops.activation(ops.add(joined, y), 'relu');
  }
  return y;
}

/** A depthwise and a 1x1 convolution, twice unless dilated. */
function separable(
  ops: Ops,
  x: Feature,
  name: string,
  expert: { kernel: number; dilation: number },
): Feature {
  const pointwise = { kernel: 1, channels: x.channels, bias: false } as const;
  const local = ops.depthwise(x, { ...expert, name: `${name}.0`, bias: false });
  if (expert.dilation > 1) return ops.conv(local, { ...pointwise, name: `${name}.1` });
  const first = ops.conv(local, { ...pointwise, name: `${name}.1`, activation: 'relu' });
  const second = ops.depthwise(first, { ...expert, name: `${name}.3`, bias: false });
  return ops.conv(second, { ...pointwise, name: `${name}.4` });
}
