/**
 * PReNet: Ren et al., Progressive Image Deraining Networks: A Better and Simpler Baseline, CVPR 2019. One small network
 * with a memory (an LSTM of convolutions) takes the rain off a bit at a time: what it made, and the photograph, go in
 * again.
 *
 * The weights have the names of the official code (csdwren/PReNet).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** Without settings, the published network. */
export const prenetConfig = z.strictObject({
  kind: z.literal('prenet'),
  width: z.int().positive().default(32),
  iterations: z.int().positive().default(6),
});

export type PrenetConfig = z.infer<typeof prenetConfig>;

const residualBlocks = 5;

export function prenet(ops: Ops, photograph: Feature, { width, iterations }: PrenetConfig): Feature {
  const settings = { kernel: 3, channels: width } as const;
  let image = photograph;
  let state = ops.constant(photograph, width, 0);
  let memory = state;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const seen = ops.concat(photograph, image);
    const inner = ops.concat(ops.conv(seen, { ...settings, name: 'conv0.0', activation: 'relu' }), state);
    const gate = (name: string, activation: 'sigmoid' | 'tanh') =>
      ops.activation(ops.conv(inner, { ...settings, name }), activation);
    const kept = ops.multiply(gate('conv_f.0', 'sigmoid'), memory);
    const added = ops.multiply(gate('conv_i.0', 'sigmoid'), gate('conv_g.0', 'tanh'));
    memory = ops.add(kept, added);
    state = ops.multiply(gate('conv_o.0', 'sigmoid'), ops.activation(memory, 'tanh'));

    let x = state;
    for (let block = 1; block <= residualBlocks; block++) {
      const first = ops.conv(x, { ...settings, name: `res_conv${block}.0`, activation: 'relu' });
      const second = ops.conv(first, { ...settings, name: `res_conv${block}.2`, activation: 'relu' });
      x = ops.activation(ops.add(second, x), 'relu');
    }
    ops.tap(x, `body${iteration}`);
    image = ops.add(ops.conv(x, { name: 'conv.0', kernel: 3, channels: 3 }), photograph);
  }
  return image;
}
