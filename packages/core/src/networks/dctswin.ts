/**
 * DCTSwin: Jiang et al., MTKD: Multi-Teacher Knowledge Distillation for Image Super-Resolution, ECCV 2024. Merges the
 * enlarged images of teachers, three in the paper, into one: SwinIR's body, at the resolution that the teachers started from, with
 * attention among the coefficients of each window's DCT.
 *
 * Its input has three channels for each of these images, 0..1, side by side, and its output the size of one of them. The weights
 * have the names of the official code (YuxuanJJ/MTKD).
 */
import * as z from 'zod';
import type { Feature, Ops } from '../network/trace.ts';
import { imagesSetting, scaleSetting, uncentre } from './super-resolution.ts';
import { headsDivideWidth, swinBody, swinSettings } from './swin.ts';
import { reconstruction } from './swinir.ts';

/** Without settings, the network of the paper. */
export const dctswinConfig = z
  .strictObject({
    kind: z.literal('dctswin'),
    /** How much larger than the teachers' input the images are. */
    scale: scaleSetting,
    images: imagesSetting,
    ...swinSettings({ width: 96, depths: [4, 4] }),
    /**
     * The official module ends at `centred`: values of 255 times the photograph's less DIV2K's mean colour. What makes
     * a `photograph` of them stands outside of it, in the code that trains it. A `correction`, which is ours, is added to
     * the first image, which the network is before training, so the best teacher has to be the first: it need not learn
     * to hand an image on, nor where teachers disagree, since it is shown that.
     */
    output: z.enum(['photograph', 'centred', 'correction']).default('photograph'),
  })
  .refine(...headsDivideWidth);

export type DctswinConfig = z.infer<typeof dctswinConfig>;

export function dctswin(ops: Ops, images: Feature, config: DctswinConfig): Feature {
  const { scale, width, output } = config;
  const corrects = output === 'correction';
  const seen = corrects ? contrasted(ops, images, config.images) : images;
  const folded = ops.spaceToDepth(seen, scale, 'channel');
  const head = ops.tap(ops.conv(folded, { name: 'conv_first', kernel: 3, channels: width }), 'head');
  const x = swinBody(ops, head, { ...config, tokens: 'frequencies' });
  if (corrects) return ops.add(ops.split(images, config.images)[0]!, reconstruction(ops, x, scale, 0));
  const centred = reconstruction(ops, x, scale);
  return output === 'centred' ? centred : uncentre(ops, centred, 255);
}

/** Teachers differ by hundredths: times this, what a convolution starts with hears of them what it does of the image. */
const contrast = 16;

/** The first image, and how far from it each other one is. */
function contrasted(ops: Ops, images: Feature, count: number): Feature {
  const [first, ...others] = ops.split(images, count);
  const away = ops.scale(first!, { factor: -contrast });
  return ops.concat(first!, ...others.map((other) => ops.add(ops.scale(other, { factor: contrast }), away)));
}
