/**
 * SwinIR: Liang et al., SwinIR: Image Restoration Using Swin Transformer, ICCV Workshops 2021, for super-resolution.
 *
 * The weights have the names of the official code (JingyunLiang/SwinIR, XPixelGroup/BasicSR). It takes photographs whose
 * sides are no multiples of the window by mirroring them at their end, and would not shift windows as large as the
 * patches it was trained on, of which the published networks have none.
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { centre, scaleSetting, uncentre, upsample } from './super-resolution.ts';
import { headsDivideWidth, swinBody, swinSettings } from './swin.ts';

/** Without settings, the published teacher SwinIR-M; the light one is width 60, depths 6, 6, 6, 6, direct. */
export const swinirConfig = z
  .strictObject({
    kind: z.literal('swinir'),
    scale: scaleSetting,
    ...swinSettings({ width: 180, depths: [6, 6, 6, 6, 6, 6] }),
    /** `pixelshuffledirect` enlarges in one step, to the output's three channels: for light networks. */
    upsampler: z.enum(['pixelshuffle', 'pixelshuffledirect']).default('pixelshuffle'),
  })
  .refine(...headsDivideWidth);

export type SwinirConfig = z.infer<typeof swinirConfig>;

export function swinir(ops: Ops, photograph: Feature, config: SwinirConfig): Feature {
  const { scale, width, upsampler } = config;
  const head = ops.conv(centre(ops, photograph, 1), { name: 'conv_first', kernel: 3, channels: width });
  const x = swinBody(ops, ops.tap(head, 'head'), { ...config, tokens: 'positions' });
  if (upsampler === 'pixelshuffledirect') {
    const image = ops.conv(x, { name: 'upsample.0', kernel: 3, channels: 3 * scale * scale });
    return uncentre(ops, ops.depthToSpace(image, scale, 'channel'), 1);
  }
  return uncentre(ops, reconstruction(ops, x, scale), 1);
}

/**
 * From deep features to the enlarged image, by 64 channels whatever the body's width.
 *
 * @param gain 0 for an image that is 0 before training
 */
export function reconstruction(ops: Ops, x: Feature, scale: SwinirConfig['scale'], gain = 1): Feature {
  const settings = { name: 'conv_before_upsample.0', kernel: 3, channels: 64 } as const;
  const large = upsample(ops, ops.conv(x, { ...settings, activation: 'leaky-relu' }), scale);
  return ops.conv(large, { name: 'conv_last', kernel: 3, channels: 3, gain });
}
