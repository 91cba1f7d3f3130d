import type { MotionBlurSettings } from '@pellucid/core';
import { z } from 'zod';

export const tasks = ['denoise', 'derain', 'deblur', 'jpeg', 'sr'] as const;
export type Task = (typeof tasks)[number];

/**
 * How a test set is measured, as data: which files belong to it, which belong together, and every convention that
 * moves a figure. Papers differ in each, so none has a default that is not written here.
 */
export const Protocol = z.strictObject({
  /** What tables call it: the literature's own name, and a subset says so. */
  name: z.string(),
  /** The folder's name below the one that holds all sets, and what is written on the command line. */
  folder: z.string(),
  /** What its published figures are about; the first is what it is measured for unless told otherwise. */
  tasks: z.array(z.enum(tasks)).min(1),
  /** How many photographs (or pairs) the whole set has, so that half a set is noticed. */
  count: z.int().positive(),
  channel: z.enum(['RGB', 'Y', 'Y8']),
  /** Pixels left out along each border; in super-resolution the scale is, whatever this says. */
  crop: z.int().nonnegative(),
  /**
   * The files, by paths relative to the folder with `/` between parts. Where there is `degraded`, files whose first
   * capture groups agree are a pair, and several degraded ones may share one clean one.
   */
  clean: z.instanceof(RegExp),
  degraded: z.instanceof(RegExp).optional(),
  /** Captures left out, with the reason; they do not count towards `count`. */
  exclude: z.record(z.string(), z.string()).default({}),
  source: z.string(),
});
export type Protocol = z.infer<typeof Protocol>;

/** How lossily a photograph was stored: by its encoder's quality, 1..100. */
export interface Stored {
  format: 'jpeg' | 'webp';
  quality: number;
}

/**
 * What was done to the clean photographs of a set, where it is the bench that degrades them; a set of pairs brings its
 * own degradation.
 */
export type Condition =
  | { kind: 'noise'; sigma: number; seed: number }
  /** What was reduced may be stored, as an upload is. */
  | { kind: 'bicubic'; scale: number; stored?: Stored }
  | { kind: 'jpeg'; quality: number }
  | { kind: 'shake'; seed: number }
  | { kind: 'pairs' };

/** How strongly each degradation is to be applied, and the seed of what is random about it. */
export interface Strengths {
  sigmas: readonly number[];
  scales: readonly number[];
  /** Unless given, JPEG of quality 10 for the task `jpeg`, which has no use for others, and what is enlarged was not stored. */
  stored?: readonly Stored[];
  seed: number;
}

/** What a set is measured under: as its pairs were recorded, or under each condition that its first task asks for. */
export function conditions(
  { degraded, tasks }: Protocol,
  { sigmas, scales, stored, seed }: Strengths,
): Condition[] {
  if (degraded) return [{ kind: 'pairs' }];
  switch (tasks[0]) {
    case 'sr':
      return scales.flatMap((scale): Condition[] =>
        stored
          ? stored.map((its) => ({ kind: 'bicubic', scale, stored: its }))
          : [{ kind: 'bicubic', scale }],
      );
    case 'jpeg':
      return (stored ?? [{ format: 'jpeg', quality: 10 }])
        .filter(({ format }) => format === 'jpeg')
        .map(({ quality }) => ({ kind: 'jpeg', quality }));
    case 'deblur':
      return [{ kind: 'shake', seed }];
    default:
      return sigmas.map((sigma) => ({ kind: 'noise', sigma, seed }));
  }
}

export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'noise':
      return `sigma ${condition.sigma}`;
    case 'bicubic':
      return `x${condition.scale}${condition.stored ? `, ${describeStored(condition.stored)}` : ''}`;
    case 'jpeg':
      return describeStored({ format: 'jpeg', ...condition });
    case 'shake':
      return 'camera shake';
    case 'pairs':
      return 'as recorded';
  }
}

/** Of the camera's path while the shutter is open; the sensor's noise is just enough that inverting the blur does not pay. */
export const shake = { travel: [10, 30], shake: [0, 0.6], sigma: 1 } satisfies Omit<
  MotionBlurSettings,
  'kind'
>;

const channelNames = { RGB: 'RGB', Y: 'Y of BT.601', Y8: 'Y of BT.601 rounded to 8 bits' };

/** The conventions of a measurement in one sentence, printed beside every table. */
export function describeProtocol(protocol: Protocol, condition: Condition): string {
  const { channel, crop } = conventions(protocol, condition);
  const border = crop === 0 ? 'no border crop' : `border of ${crop} pixels left out`;
  const where = `PSNR and SSIM on ${channelNames[channel]}, ${border}`;
  switch (condition.kind) {
    case 'noise':
      return `${where}; Gaussian noise of sigma ${condition.sigma}, seed ${condition.seed}, neither clipped nor rounded; restored image rounded to 8 bits`;
    case 'bicubic':
      return `${where}; cropped to a multiple of ${condition.scale}, reduced by MATLAB's bicubic, rounded to 8 bits${condition.stored ? `, ${storedBy(condition.stored)}` : ''}; restored image rounded to 8 bits`;
    case 'jpeg':
      return `${where}; ${storedBy({ format: 'jpeg', ...condition })}; restored image rounded to 8 bits`;
    case 'shake': {
      const { travel, sigma } = shake;
      return `${where}; blurred along a random path of ${travel.join(' to ')} pixels for each photograph, seed ${condition.seed}, and noise of sigma ${sigma}; restored image rounded to 8 bits`;
    }
    case 'pairs':
      return `${where}; both images as their files hold them; restored image rounded to 8 bits`;
  }
}

function describeStored({ format, quality }: Stored): string {
  return `${format === 'jpeg' ? 'JPEG' : 'WebP'} ${quality}`;
}

function storedBy({ format, quality }: Stored): string {
  const encoder = format === 'jpeg' ? 'libjpeg-turbo' : 'libwebp';
  return `stored by ${encoder} at quality ${quality}, colours at half the resolution (4:2:0)`;
}

/**
 * The metric's conventions under a condition: super-resolution measures Y and leaves out as many pixels as the scale, and
 * what JPEG left is measured on Y too, whichever set it is.
 */
export function conventions(
  { channel, crop }: Protocol,
  condition: Condition,
): Pick<Protocol, 'channel' | 'crop'> {
  if (condition.kind === 'bicubic') return { channel: 'Y', crop: condition.scale };
  if (condition.kind === 'jpeg') return { channel: 'Y', crop };
  return { channel, crop };
}
