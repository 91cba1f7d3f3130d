/**
 * PAN: Zhao et al., Efficient Image Super-Resolution Using Pixel Attention, ECCV Workshops 2020. Pixel attention weighs
 * each value by a sigmoid of a 1x1 convolution; the network adds to the bilinearly enlarged photograph.
 *
 * The weights have the names of the official code (zhaohengyuan1/PAN).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { scaleSetting } from './super-resolution.ts';

/** Without settings, the published network. */
export const panConfig = z.strictObject({
  kind: z.literal('pan'),
  scale: scaleSetting,
  width: z.int().multipleOf(2).positive().default(40),
  /** Channels after the enlargement. */
  largeWidth: z.int().positive().default(24),
  blocks: z.int().nonnegative().default(16),
});

export type PanConfig = z.infer<typeof panConfig>;

const leaky = { activation: 'leaky-relu', slope: 0.2 } as const;

export function pan(ops: Ops, photograph: Feature, config: PanConfig): Feature {
  const { scale, width, largeWidth, blocks } = config;
  const head = ops.tap(ops.conv(photograph, { name: 'conv_first', kernel: 3, channels: width }), 'head');
  let x = head;
  for (let index = 0; index < blocks; index++)
    x = ops.tap(block(ops, x, `SCPA_trunk.${index}`), `body${index}`);
  const tail = ops.tap(ops.conv(x, { name: 'trunk_conv', kernel: 3, channels: width }), 'tail');
  x = ops.add(head, tail);

  const settings = { kernel: 3, channels: largeWidth } as const;
  const steps = scale === 4 ? [2, 2] : [scale];
  for (const [index, factor] of steps.entries()) {
    const stage = index + 1;
    const large = ops.conv(ops.resize(x, 'nearest', factor), { ...settings, name: `upconv${stage}` });
    const attended = attention(ops, large, large, `att${stage}.conv`);
    x = ops.activation(attended, leaky.activation, leaky);
    x = ops.conv(x, { ...settings, name: `HRconv${stage}`, ...leaky });
  }
  const detail = ops.conv(x, { name: 'conv_last', kernel: 3, channels: 3 });
  return ops.add(detail, ops.resize(photograph, 'bilinear', scale));
}

/** A self-calibrated block with pixel attention: two narrow branches, one of them weighed. */
function block(ops: Ops, x: Feature, name: string): Feature {
  const width = x.channels / 2;
  const narrow = { kernel: 1, channels: width, bias: false, ...leaky } as const;
  const near = { kernel: 3, channels: width, bias: false } as const;

  const plain = ops.conv(x, { ...narrow, name: `${name}.conv1_a` });
  const a = ops.conv(plain, { ...near, name: `${name}.k1.0`, ...leaky });

  const b = ops.conv(x, { ...narrow, name: `${name}.conv1_b` });
  const weighed = attention(ops, b, ops.conv(b, { ...near, name: `${name}.PAConv.k3` }), `${name}.PAConv.k2`);
  const c = ops.conv(weighed, { ...near, name: `${name}.PAConv.k4`, ...leaky });

  const joined = { name: `${name}.conv3`, kernel: 1, channels: x.channels, bias: false };
  return ops.add(ops.conv(ops.concat(a, c), joined), x);
}

/** Pixel attention: `values`, each times the sigmoid of a 1x1 convolution of `x`. */
function attention(ops: Ops, x: Feature, values: Feature, name: string): Feature {
  return ops.multiply(
    values,
    ops.activation(ops.conv(x, { name, kernel: 1, channels: x.channels }), 'sigmoid'),
  );
}
