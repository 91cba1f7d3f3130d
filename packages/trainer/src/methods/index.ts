import type { Graph } from '@pellucid/core';
import { z } from 'zod';
import { at } from './at.ts';
import { crosskd } from './crosskd.ts';
import { dukd } from './dukd.ts';
import { fakd } from './fakd.ts';
import { fitnet } from './fitnet.ts';
import { logits } from './logits.ts';
import type { Method } from './method.ts';
import { mtkd, mtkdDistances } from './mtkd.ts';
import { mtkdAggregate } from './mtkd-aggregate.ts';
import { scratch } from './scratch.ts';
import { skd } from './skd.ts';
import { slkd } from './slkd.ts';

export type { Batch, Loss, Method, Network } from './method.ts';

const weight = z.number().nonnegative();

/** The features to compare; unless given, every level of encoder and decoder, paired by size, or the stages of a network without. */
const taps = z
  .array(z.strictObject({ student: z.string(), teacher: z.string() }))
  .min(1)
  .refine((pairs) => new Set(pairs.map((pair) => JSON.stringify(pair))).size === pairs.length, {
    error: 'names a pair twice',
  })
  .optional();

/** The settings of any method, told apart by `kind`. */
export const methodConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scratch') }),
  z.strictObject({ kind: z.literal('logits'), weight: weight.default(1) }),
  z.strictObject({ kind: z.literal('fitnet'), taps, weight: weight.default(0.1) }),
  z.strictObject({ kind: z.literal('at'), taps, weight: weight.default(0.1) }),
  z.strictObject({ kind: z.literal('fakd'), taps, weight: weight.default(0.1) }),
  z.strictObject({
    kind: z.literal('skd'),
    taps,
    weights: z
      .strictObject({
        kernel: weight.default(0.1),
        attended: weight.default(0.5),
        contrast: weight.default(0.05),
      })
      .prefault({}),
  }),
  z.strictObject({
    kind: z.literal('slkd'),
    /** Of the image level, of the encoder's natural statistics and of the decoder's edges; 0 leaves a term out. */
    weights: z
      .strictObject({ image: weight.default(0.5), nc: weight.default(0.1), et: weight.default(0.1) })
      .prefault({}),
    /** What features are compared through; `none` compares them as they are, to see what an extractor gives. */
    extractors: z
      .strictObject({
        nc: z.enum(['brisque', 'none']).default('brisque'),
        et: z.enum(['piqe', 'none']).default('piqe'),
      })
      .prefault({}),
    /** What sees the clean image: `same`, the recipe's teacher, or the path of a model of its own. */
    teacherB: z.string().default('same'),
  }),
  z.strictObject({ kind: z.literal('crosskd'), taps, weight: weight.default(0.1) }),
  z.strictObject({
    kind: z.literal('dukd'),
    /** Weight of the terms that follow the truth. */
    pixel: weight.default(5),
  }),
  z.strictObject({ kind: z.literal('mtkd-aggregate') }),
  z.strictObject({
    kind: z.literal('mtkd'),
    distance: z.enum(mtkdDistances).default('wavelet'),
    /** Levels of the wavelet transform: the paper takes one. */
    levels: z.int().min(1).max(4).default(1),
    /** Weight of the clean patch. */
    truth: weight.default(0.1),
  }),
]);

export type MethodConfig = z.infer<typeof methodConfig>;

/**
 * The method that a recipe asks for, between these networks.
 *
 * @param teachers the recipe's, then the method's own; none for a method without
 * @throws PellucidError `method/no-tap`, `method/no-levels`, `method/scales`, `method/keeps-size` where they cannot be compared
 */
export function methodOf(config: MethodConfig, student: Graph, teachers: readonly Graph[] = []): Method {
  switch (config.kind) {
    case 'scratch':
      return scratch();
    case 'logits':
      return logits(config);
    case 'fitnet':
      return fitnet(config, student, teachers[0]!);
    case 'at':
      return at(config, student, teachers[0]!);
    case 'fakd':
      return fakd(config, student, teachers[0]!);
    case 'skd':
      return skd(config, student, teachers[0]!);
    case 'slkd':
      return slkd(config, student, teachers);
    case 'crosskd':
      return crosskd(config, student, teachers[0]!);
    case 'dukd':
      return dukd(config, student, teachers[0]!);
    case 'mtkd-aggregate':
      return mtkdAggregate();
    case 'mtkd':
      return mtkd(config);
  }
}
