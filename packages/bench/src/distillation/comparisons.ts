/** Which methods are held against each other: the method of a recipe, every usual one, and itself with parts left out. */
import path from 'node:path';
import type { Recipe } from '@pellucid/trainer';

/** What a row of the table changes in the recipe, as `--set` does. */
type Change = (recipe: Recipe) => string[];

const kind =
  (name: string): Change =>
  () => [`method={kind: ${name}}`];

const slkd =
  (settings: string): Change =>
  () => [`method={kind: slkd, ${settings}}`];

/** By the method that the recipe asks for, which is what the others are compared with. */
export const comparisons: Record<string, Record<string, Change>> = {
  slkd: {
    scratch: kind('scratch'),
    logits: kind('logits'),
    fitnet: kind('fitnet'),
    at: kind('at'),
    fakd: kind('fakd'),
    skd: kind('skd'),
    slkd: () => [],
    'slkd-no-image': slkd('weights: {image: 0}'),
    'slkd-no-drl': slkd('weights: {nc: 0}'),
    'slkd-no-irl': slkd('weights: {et: 0}'),
    'slkd-no-brisque': slkd('extractors: {nc: none}'),
    'slkd-no-piqe': slkd('extractors: {et: none}'),
    /** Teacher B is a network of its own, which was trained to give back clean photographs. */
    'slkd-clean-b': ({ teacher }) => [
      `method={kind: slkd, teacherB: ${JSON.stringify(path.join(path.dirname(teacher!), 'reconstructor'))}}`,
    ],
  },
};
