import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatRecipe, parseRecipe } from './recipe.ts';

const minimal = `
name: tiny
task: denoise
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
method: { kind: scratch }
steps: 300
`;

test('fills in defaults and survives being printed', () => {
  const recipe = parseRecipe(minimal);
  expect(recipe.optimiser).toMatchObject({ kind: 'muon', learningRate: 8e-4, warmup: 200, ema: 0.999 });
  expect(recipe.loss).toEqual({ l1: 1, spectrum: 0 });
  expect(recipe.data).toMatchObject({ photographs: 'procedural', patch: 64, validation: { count: 8 } });
  expect(parseRecipe(formatRecipe(recipe))).toEqual(recipe);
});

const recipes = path.join(import.meta.dirname, '../../../recipes');
test.each(globSync('**/*.yml', { cwd: recipes }))('recipes/%s parses', (file) => {
  expect(() => parseRecipe(readFileSync(path.join(recipes, file), 'utf8'))).not.toThrow();
});

test('weights decay under muon unless told otherwise, and under adamw when told', () => {
  const decay = (...changes: string[]) => parseRecipe(minimal, changes).optimiser.weightDecay;
  expect(decay()).toBe(0.1);
  expect(decay('optimiser.kind=adamw')).toBe(0);
  expect(decay('optimiser.weightDecay=0')).toBe(0);
});

test('overrides are typed as YAML and reach into absent groups', () => {
  const recipe = parseRecipe(minimal, [
    'steps=400',
    'optimiser.learningRate=5e-4',
    'degradation.sigma=[0, 55]',
    'student.widths.0=16',
    'data.photographs=a=b',
  ]);
  expect(recipe.steps).toBe(400);
  expect(recipe.optimiser.learningRate).toBe(5e-4);
  expect(recipe.degradation).toMatchObject({ sigma: [0, 55] });
  expect(recipe.student).toMatchObject({ widths: [16] });
  expect(recipe.data.photographs).toBe('a=b');
});

test.each([
  ['stpes: 3', 'stpes: unknown key; did you mean "steps"?'],
  ['optimiser: { learningrate: 1 }', 'optimiser.learningrate: unknown key; did you mean "learningRate"?'],
  ['optimiser: { zzzzzzzz: 1 }', 'optimiser.zzzzzzzz: unknown key; expected one of kind, learningRate'],
  ['data: { validation: { cuont: 1 } }', 'data.validation.cuont: unknown key; did you mean "count"?'],
  ['optimiser: { learningRate: fast }', 'optimiser.learningRate: expected number, received string'],
  ['optimiser: { warmup: 300 }', 'optimiser.warmup: must be less than steps'],
  ['loss: { l1: 0, spectrum: 0 }', 'loss: needs a weight that is not 0'],
  ['data: { patch: 63 }', 'data.patch: must be a multiple of 2'],
  ['data: { validation: { size: 7 } }', 'data.validation.size: must be a multiple of 2'],
])('names the mistake in "%s"', (mistake, message) => {
  expect(() => parseRecipe(`${minimal}\n${mistake}`)).toThrow(message);
});

test.each([
  ['student.widht=[8]', 'student.widht: unknown key; did you mean "widths"?'],
  ['student.widths=[12]', 'student.widths.0: must be a multiple of 8'],
  ['student.kind=edge-net', 'student.kind: expected one of edge-unet'],
  ['method.kind=logit', 'method.kind: expected one of scratch, logits'],
  ['method={kind: logits, wieght: 2}', 'method.wieght: unknown key; did you mean "weight"?'],
  ['method.kind=logits', 'teacher: the method logits needs one'],
  ['method={kind: slkd, weights: {nr: 1}}', 'method.weights.nr: unknown key; did you mean "nc"?'],
  ['method={kind: at, taps: [{student: a, teacher: b}, {student: a, teacher: b}]}', 'names a pair twice'],
  ['degradation.sigma=-1', 'degradation.sigma'],
  ['student={kind: restormer, wdith: 8}', 'student.wdith: unknown key; did you mean "width"?'],
  [
    'student={kind: edsr, scale: 2}',
    'student.kind: enlarges its input 2 times, and degradation.kind gaussian-noise',
  ],
  ['degradation={kind: bicubic-downscale, scale: 3}', 'edge-sr with scale 3'],
  ['degradation={kind: bicubic-downscale, scale: 5}', 'degradation.scale'],
  ['student={kind: dctswin, scale: 2}', 'student.kind: merges several images'],
  ['student={kind: ffdnet}', 'student.kind: must be told the noise level'],
  ['before=deconvolution', 'before: deconvolution goes with data.pairs deconvolved'],
  ['before=deconvolution', 'student.kind: must see 2 images'],
  ['student.images=2', 'student.kind: merges several images'],
  ['before=sharpening', 'before: expected "deconvolution"'],
  ['name=../elsewhere', 'name: must be letters'],
  ['steps=0', 'steps'],
])('names the mistake in --set %s', (override, message) => {
  expect(() => parseRecipe(minimal, [override])).toThrow(message);
});

test('a student that sees two images has no several teachers', () => {
  const two = ['before=deconvolution', 'data.pairs=deconvolved', 'degradation=', 'student.images=2'];
  const one = ['teacher=models/deblur/teacher'];
  expect(parseRecipe(minimal, [...two, ...one, 'method.kind=slkd']).method.kind).toBe('slkd');
  expect(() => parseRecipe(minimal, [...two, 'method.kind=mtkd'])).toThrow(
    'method: merges what teachers make of one image, and this student sees two',
  );
});

test('a student that enlarges takes patches of the clean photograph that its own sides divide', () => {
  const enlarging = [
    'student={kind: swinir, scale: 3, width: 12, depths: [2], heads: 2}',
    'degradation={kind: bicubic-downscale, scale: 3}',
    'data.validation.size=144',
  ];
  expect(parseRecipe(minimal, [...enlarging, 'data.patch=48']).student.kind).toBe('swinir');
  expect(() => parseRecipe(minimal, [...enlarging, 'data.patch=64'])).toThrow(
    'data.patch: must be a multiple of 24',
  );
  expect(() => parseRecipe(minimal, [...enlarging, 'degradation.scale=2', 'data.patch=48'])).toThrow(
    'student.kind: enlarges its input 3 times, and degradation.scale makes it 2 times smaller',
  );
});

const several = ['teachers=[a, b]', 'degradation={kind: bicubic-downscale, scale: 2}'];
const enlarge = 'student={kind: edge-sr, scale: 2}';
test.each([
  [['method.kind=mtkd-aggregate'], 'teachers: the method mtkd-aggregate needs them'],
  [[...several, 'method.kind=mtkd-aggregate', enlarge], 'student.kind: must be a network that merges images'],
  [
    [...several, 'method.kind=mtkd-aggregate', 'student={kind: dctswin, scale: 2}'],
    'student.kind: merges 3 images, and there are 2 teachers: set student.images to 2',
  ],
  [
    [...several, 'method.kind=mtkd-aggregate', 'student={kind: blend, images: 2}', 'aggregator=mean'],
    'aggregator: is what the method mtkd-aggregate trains',
  ],
  [[...several, 'method.kind=mtkd', enlarge], 'aggregator: several teachers need one: mean, or the path'],
  [
    [...several, 'method.kind=mtkd', enlarge, 'aggregator=mean', 'teacher=c'],
    'teachers: give these or one teacher',
  ],
  [['method.kind=mtkd', 'teacher=a', 'aggregator=mean'], 'aggregator: merges the images of several models'],
  [['method={kind: mtkd, distance: l2}', 'teacher=a'], 'method.distance'],
  [
    ['method={kind: mtkd, distance: dct}', 'teacher=a', 'data.patch=12'],
    'data.patch: must be a multiple of 8',
  ],
  [['method={kind: mtkd, levels: 5}', 'teacher=a'], 'method.levels'],
])('names the mistake in who teaches: %j', (overrides, message) => {
  expect(() => parseRecipe(minimal, overrides)).toThrow(message);
});

test('every mistake has its line', () => {
  expect(() => parseRecipe(`${minimal}\nstpes: 3\nepochs: 4`)).toThrow(/stpes: .*\n.*epochs: /);
});

test.each([
  ['steps', 'recipe/bad-override'],
  ['=3', 'recipe/bad-override'],
  ['steps.more=3', 'recipe/bad-override'],
  ['steps=[1', 'recipe/bad-override'],
])('refuses --set %s', (override, code) => {
  expect(() => parseRecipe(minimal, [override])).toThrow(expect.objectContaining({ code }));
});

test.each(['- a list', '', 'a: [', 'name: a\nname: b'])('refuses what is no mapping: %j', (text) => {
  expect(() => parseRecipe(text)).toThrow(expect.objectContaining({ code: 'recipe/not-yaml' }));
});
