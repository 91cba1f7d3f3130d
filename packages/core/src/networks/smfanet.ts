/**
 * SMFANet: Zheng et al., SMFANet: A Lightweight Self-Modulation Feature Aggregation Network for Efficient Image
 * Super-Resolution, ECCV 2024. Half of each block's channels are weighed by what they are at an eighth of the
 * resolution and how much they vary over the whole photograph; the other half goes through convolutions.
 *
 * The weights have the names of the official code (Zheng-MJ/SMFANet), which also takes photographs whose sides are no
 * multiples of 8, by uneven pooling.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { scaleSetting } from './super-resolution.ts';

/** Without settings, the larger published network, SMFANet+; the other one is width 36, 8 blocks. */
export const smfanetConfig = z.strictObject({
  kind: z.literal('smfanet'),
  scale: scaleSetting,
  width: z.int().multipleOf(2).positive().default(48),
  blocks: z.int().nonnegative().default(12),
});

export type SmfanetConfig = z.infer<typeof smfanetConfig>;

/** How much coarser the feature is that weighs another. */
const coarseness = 8;

export function smfanet(ops: Ops, photograph: Feature, { scale, width, blocks }: SmfanetConfig): Feature {
  const head = ops.tap(ops.conv(photograph, { name: 'to_feat', kernel: 3, channels: width }), 'head');
  let x = head;
  for (let block = 0; block < blocks; block++) {
    x = ops.add(aggregation(ops, ops.normalize(x), `feats.${block}.smfa`), x);
    x = ops.add(feedForward(ops, ops.normalize(x), `feats.${block}.pcfn`), x);
    ops.tap(x, `body${block}`);
  }
  const image = { name: 'to_img.0', kernel: 3, channels: 3 * scale * scale };
  return ops.depthToSpace(ops.conv(ops.add(x, head), image), scale, 'channel');
}

/** Self-modulation feature aggregation. */
function aggregation(ops: Ops, x: Feature, name: string): Feature {
  const width = x.channels;
  const pointwise = (y: Feature, part: string, channels: number) =>
    ops.conv(y, { name: `${name}.${part}`, kernel: 1, channels });
  const [detail, structure] = ops.split(pointwise(x, 'linear_0', 2 * width), 2) as [Feature, Feature];

  const coarse = ops.blockPool(structure, 'max', coarseness);
  const local = ops.channelScale(ops.depthwise(coarse, { name: `${name}.dw_conv`, kernel: 3 }), {
    name: `${name}.alpha`,
    start: 1,
  });
  const spread = ops.channelScale(ops.globalPool(structure, 'variance'), { name: `${name}.belt`, start: 0 });
  const weight = ops.activation(pointwise(ops.add(local, spread), 'linear_1', width), 'gelu');
  const modulated = ops.multiply(structure, ops.resize(weight, 'nearest', coarseness));

  const wide = ops.depthwise(detail, { name: `${name}.lde.conv_0.0`, kernel: 3, multiplier: 2 });
  const hidden = ops.activation(pointwise(wide, 'lde.conv_0.1', 2 * width), 'gelu');
  return pointwise(ops.add(modulated, pointwise(hidden, 'lde.conv_1', width)), 'linear_2', width);
}

/** A perceptron, twice as wide within, a quarter of which is convolved too. */
function feedForward(ops: Ops, x: Feature, name: string): Feature {
  const width = 2 * x.channels;
  const convolved = width / 4;
  const hidden = ops.activation(ops.conv(x, { name: `${name}.conv_0`, kernel: 1, channels: width }), 'gelu');
  const part = { name: `${name}.conv_1`, kernel: 3, channels: convolved };
  const near = ops.activation(ops.conv(ops.slice(hidden, 0, convolved), part), 'gelu');
  const joined = ops.concat(near, ops.slice(hidden, convolved, width - convolved));
  return ops.conv(joined, { name: `${name}.conv_2`, kernel: 1, channels: x.channels });
}
