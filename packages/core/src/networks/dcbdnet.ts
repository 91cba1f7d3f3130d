/**
 * DCBDNet: Wu et al., Dual Convolutional Neural Network with Attention for Image Blind Denoising (its code is
 * WenCongWu/DCBDNet). A small network estimates the noise at every pixel; photograph and estimate go through two
 * branches, a U and a stack of dilated convolutions, that the last convolution joins.
 *
 * The weights have the names of the official code. Its batch norms are folded into the convolutions before them, save
 * where a skip reads what lies between: there they are 1x1 depthwise convolutions.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';

/** Without settings, the published network for colour. */
export const dcbdnetConfig = z.strictObject({
  kind: z.literal('dcbdnet'),
  width: z.int().positive().default(64),
});

export type DcbdnetConfig = z.infer<typeof dcbdnetConfig>;

/** How far the dilated convolutions look on the way to the widest one, and back. */
const dilations = [1, 2, 3, 4, 5];

export function dcbdnet(ops: Ops, photograph: Feature, { width }: DcbdnetConfig): Feature {
  const noise = noiseMap(ops, photograph, width);
  const told = ops.concat(photograph, noise);
  const joined = ops.concat(pyramid(ops, told, width), dilatedStack(ops, told, width));
  return ops.conv(joined, { name: 'm_conv_tail', kernel: 3, channels: 3, bias: false });
}

/** The noise's strength at every pixel and channel, -1..1. */
function noiseMap(ops: Ops, photograph: Feature, width: number): Feature {
  const conv = (x: Feature, layer: number) =>
    ops.conv(x, { name: `fcn.fconv${layer}`, kernel: 3, channels: width, activation: 'relu' });
  const fine = conv(conv(photograph, 1), 2);
  const coarse = [3, 4, 5].reduce(conv, ops.blockPool(fine, 'max', 2));
  const x = conv(ops.add(ops.resize(coarse, 'bilinear-corners', 2), fine), 6);
  return ops.activation(ops.conv(x, { name: 'fcn.fconv7', kernel: 3, channels: 3 }), 'tanh');
}

/** A U of three levels. */
function pyramid(ops: Ops, told: Feature, width: number): Feature {
  const conv = (x: Feature, layer: number) =>
    ops.conv(x, { name: `conv${layer}`, kernel: 3, channels: width, activation: 'relu' });
  const up = (x: Feature, skip: Feature) => ops.add(ops.resize(x, 'bilinear-corners', 2), skip);

  const fine = ops.tap([1, 2, 3].reduce(conv, told), 'encoder0');
  const middle = ops.tap([4, 5].reduce(conv, ops.blockPool(fine, 'max', 2)), 'encoder1');
  const coarse = ops.tap([6, 7].reduce(conv, ops.blockPool(middle, 'max', 2)), 'encoder2');
  const wider = ops.tap([8, 9].reduce(conv, up(coarse, middle)), 'decoder1');
  const widest = ops.tap([10, 11].reduce(conv, up(wider, fine)), 'decoder0');
  return ops.conv(widest, { name: 'conv12', kernel: 3, channels: width, bias: false });
}

/** Convolutions that look ever farther and then ever less far, with skips from each to its like. */
function dilatedStack(ops: Ops, told: Feature, width: number): Feature {
  const settings = { kernel: 3, channels: width } as const;
  const skips: Feature[] = [];
  let x = told;
  for (const dilation of dilations) {
    const skip = ops.conv(x, { ...settings, name: `m_dilatedconv${dilation}`, dilation, bias: false });
    skips.push(skip);
    x = ops.activation(ops.depthwise(skip, { name: `m_bn${dilation}`, kernel: 1 }), 'relu');
  }
  x = ops.conv(x, { ...settings, name: 'm_dilatedconv6', dilation: 6, activation: 'relu' });
  for (const dilation of dilations.toReversed()) {
    const name = `m_dilatedconv${dilation}_1`;
    if (dilation < 5) x = ops.add(x, skips[dilation]!);
    x = ops.conv(x, { ...settings, name, dilation, activation: 'relu' });
  }
  return ops.conv(ops.add(x, skips[0]!), { ...settings, name: 'm_conv', bias: false });
}
