/** Which methods are held against each other: that of a recipe, every usual one, and itself with parts left out. */

/** What a row of the table changes in the recipe, as `--set` does. */
type Change = string[];

const kind = (name: string): Change => [`method={kind: ${name}}`];

/** By the method that the recipe asks for, which is what the others are compared with. */
export const comparisons: Record<string, Record<string, Change>> = {
  slkd: {
    scratch: kind('scratch'),
    logits: kind('logits'),
    fitnet: kind('fitnet'),
    at: kind('at'),
    fakd: kind('fakd'),
    skd: kind('skd'),
    slkd: [],
    'slkd-no-image': ['method.weights.image=0'],
    'slkd-no-drl': ['method.weights.nc=0'],
    'slkd-no-irl': ['method.weights.et=0'],
    'slkd-no-brisque': ['method.extractors.nc=none'],
    'slkd-no-piqe': ['method.extractors.et=none'],
    /** Teacher B is a network of its own, which gives back clean photographs: the run of recipes/reconstructor.yml. */
    'slkd-clean-b': ['method.teacherB=runs/reconstructor/model'],
  },
};
