/** Which methods are held against each other: that of a recipe, every usual one, and itself with parts left out. */

import type { Recipe } from '@pellucid/trainer';

/** What a row of the table changes in the recipe, as `--set` does. */
type Change = (recipe: Recipe) => string[];

const kind =
  (name: string): Change =>
  () => [`method={kind: ${name}}`];
const set =
  (...changes: string[]): Change =>
  () =>
    changes;

/**
 * What the term of a usual method is multiplied by; of DUKD, what the clean patches are. Trained for minutes, features at
 * the methods' own weights outweigh the pixels. Those of denoising and, but for CrossKD's, super-resolution did best of three
 * on the validation crops, as docs/distillation.md and docs/super-resolution.md show; the others are a tenth of the
 * methods' own, by analogy.
 */
const weights = {
  denoise: { logits: 3, fitnet: 0.01, at: 0.001, fakd: 0.001, skd: 0.001 },
  sr: { logits: 0.3, at: 0.001, fakd: 0.001, crosskd: 0.01, dukd: 1 },
  others: { logits: 1, fitnet: 0.01, at: 0.01, fakd: 0.01, skd: 0.01 },
};

const weighted =
  (name: keyof (typeof weights)['others'], settings: (weight: number) => string): Change =>
  ({ task }) => [
    `method={kind: ${name}, ${settings(weights[task === 'denoise' ? 'denoise' : 'others'][name])}}`,
  ];

/** A method of one teacher beside one of several: it has the first of them, which recipes list best first. */
const ofOneTeacher =
  (...changes: string[]): Change =>
  ({ teachers = [] }) => [...changes, 'teachers=', 'aggregator=', `teacher=${JSON.stringify(teachers[0])}`];

/** By the method that the recipe asks for, which is what the others are compared with. */
export const comparisons: Record<string, Record<string, Change>> = {
  slkd: {
    scratch: kind('scratch'),
    logits: weighted('logits', (weight) => `weight: ${weight}`),
    fitnet: weighted('fitnet', (weight) => `weight: ${weight}`),
    at: weighted('at', (weight) => `weight: ${weight}`),
    fakd: weighted('fakd', (weight) => `weight: ${weight}`),
    skd: weighted('skd', (weight) => `weights: {kernel: ${weight}, contrast: ${weight / 2}}`),
    slkd: set(),
    'slkd-no-image': set('method.weights.image=0'),
    'slkd-no-drl': set('method.weights.nc=0'),
    'slkd-no-irl': set('method.weights.et=0'),
    'slkd-no-brisque': set('method.extractors.nc=none'),
    'slkd-no-piqe': set('method.extractors.et=none'),
    /** Teacher B is a network of its own, which gives back clean photographs: the run of recipes/reconstructor.yml. */
    'slkd-clean-b': set('method.teacherB=runs/reconstructor/model'),
  },
  mtkd: {
    scratch: ofOneTeacher('method={kind: scratch}'),
    logits: ofOneTeacher(`method={kind: logits, weight: ${weights.sr.logits}}`),
    at: ofOneTeacher(`method={kind: at, weight: ${weights.sr.at}}`),
    fakd: ofOneTeacher(`method={kind: fakd, weight: ${weights.sr.fakd}}`),
    dukd: ofOneTeacher(`method={kind: dukd, pixel: ${weights.sr.dukd}}`),
    crosskd: ofOneTeacher(`method={kind: crosskd, weight: ${weights.sr.crosskd}}`),
    mtkd: set(),
    'mtkd-best-teacher': ofOneTeacher(),
    /** A learned 1x1 convolution: the run of the aggregating recipe that docs/super-resolution.md names. */
    'mtkd-blend': ({ aggregator = '' }) => [`aggregator=${aggregator.replace('-aggregate', '-blend')}`],
    'mtkd-mean': set('aggregator=mean'),
    'mtkd-mean-of-2': ({ teachers = [] }) => [
      'aggregator=mean',
      `teachers=${JSON.stringify(teachers.slice(0, 2))}`,
    ],
    /** The paper's weight of the clean patch. */
    'mtkd-less-truth': set('method.truth=0.1'),
    'mtkd-l1': set('method.distance=l1'),
    'mtkd-dct': set('method.distance=dct'),
    'mtkd-details': set('method.distance=wavelet-details'),
    'mtkd-2-levels': set('method.levels=2'),
    'mtkd-3-levels': set('method.levels=3'),
    'mtkd-4-levels': set('method.levels=4'),
  },
};
