/**
 * IMDN: Hui et al., Lightweight Image Super-Resolution with Information Multi-distillation Network, ACM MM 2019. Each
 * block sets a quarter of its channels aside after each convolution, and weighs what it has gathered by its channels'
 * means and deviations over the whole photograph.
 *
 * The weights have the names of the official code (Zheng222/IMDN).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { scaleSetting } from './super-resolution.ts';

/** Without settings, the published network. */
export const imdnConfig = z.strictObject({
  kind: z.literal('imdn'),
  scale: scaleSetting,
  width: z.int().multipleOf(16).positive().default(64),
  blocks: z.int().positive().default(6),
});

export type ImdnConfig = z.infer<typeof imdnConfig>;

const leaky = { activation: 'leaky-relu', slope: 0.05 } as const;

export function imdn(ops: Ops, photograph: Feature, { scale, width, blocks }: ImdnConfig): Feature {
  const head = ops.tap(ops.conv(photograph, { name: 'fea_conv', kernel: 3, channels: width }), 'head');
  const gathered: Feature[] = [];
  for (let index = 0; index < blocks; index++) {
    const x = block(ops, gathered.at(-1) ?? head, `IMDB${index + 1}`);
    gathered.push(ops.tap(x, `body${index}`));
  }
  const joined = ops.conv(ops.concat(...gathered), { name: 'c.0', kernel: 1, channels: width, ...leaky });
  const tail = ops.tap(ops.conv(joined, { name: 'LR_conv', kernel: 3, channels: width }), 'tail');
  const image = { name: 'upsampler.0', kernel: 3, channels: 3 * scale * scale };
  return ops.depthToSpace(ops.conv(ops.add(tail, head), image), scale, 'channel');
}

function block(ops: Ops, input: Feature, name: string): Feature {
  const width = input.channels;
  const distilled = width / 4;
  const parts: Feature[] = [];
  let rest = input;
  for (const layer of ['c1', 'c2', 'c3']) {
    const x = ops.conv(rest, { name: `${name}.${layer}`, kernel: 3, channels: width, ...leaky });
    parts.push(ops.slice(x, 0, distilled));
    rest = ops.slice(x, distilled, width - distilled);
  }
  parts.push(ops.conv(rest, { name: `${name}.c4`, kernel: 3, channels: distilled }));
  const weighed = contrastAttention(ops, ops.concat(...parts), `${name}.cca.conv_du`);
  return ops.add(ops.conv(weighed, { name: `${name}.c5`, kernel: 1, channels: width }), input);
}

function contrastAttention(ops: Ops, x: Feature, name: string): Feature {
  const contrast = ops.add(ops.globalPool(x, 'deviation'), ops.globalPool(x, 'mean'));
  const narrow = { name: `${name}.0`, kernel: 1, channels: x.channels / 16 };
  const squeezed = ops.conv(contrast, { ...narrow, activation: 'relu' });
  const wide = ops.conv(squeezed, { name: `${name}.2`, kernel: 1, channels: x.channels });
  return ops.multiply(x, ops.activation(wide, 'sigmoid'));
}
