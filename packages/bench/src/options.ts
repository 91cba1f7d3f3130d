import { PellucidError } from '@pellucid/core';
import type { ArgsDef, ParsedArgs } from 'citty';
import type { Stored, Strengths } from './datasets/protocol.ts';

/** Every option of `pnpm bench SUITE`; a suite names those that it reads. */
export const options = {
  data: {
    type: 'string',
    description: 'Folder that holds the test sets (else PELLUCID_DATA, else ../shared/data).',
  },
  dataset: {
    type: 'string',
    description: 'Sets by name, folders, `drawn` or `all`, separated by commas; else the first of each task.',
  },
  task: { type: 'string', description: 'Only this task: denoise, derain, deblur, jpeg or sr.' },
  model: {
    type: 'string',
    description:
      'Models, separated by commas: denoise/small, a file or folder, or teachers:NAME (see PELLUCID_TEACHERS); else all.',
  },
  teacher: { type: 'string', description: 'What --model is compared with; else the `teacher` beside it.' },
  sigma: { type: 'string', default: '25', description: 'Noise levels, in 8-bit units.' },
  scale: { type: 'string', default: '2,3,4', description: 'Factors of super-resolution.' },
  quality: {
    type: 'string',
    description:
      'Qualities of JPEG, 1..100, or of WebP, as webp80: of what is to be enlarged too, which else was not stored; else 10 for the task jpeg.',
  },
  limit: { type: 'string', description: 'Only the first so many images of each set; tables then say so.' },
  seed: { type: 'string', default: '0', description: 'Seed of the noise and of the bootstrap.' },
  size: { type: 'string', description: 'Width and height that cost or speed are stated for, as 512x512.' },
  floor: { type: 'string', default: '0.8', description: 'The least cut in parameters and in MACs.' },
  runtime: {
    type: 'string',
    default: 'node,workerd,browser',
    description: 'Where speed is measured: node, workerd, browser.',
  },
  run: { type: 'string', description: 'Run folders whose loss curves go into the HTML report.' },
  cache: {
    type: 'string',
    default: 'runs/peers',
    description: 'Folder that peers are installed into, with npm, on demand.',
  },
  rounds: { type: 'string', default: '7', description: 'How often each engine is timed.' },
  recipe: {
    type: 'string',
    description:
      'Recipes of the students to compare, separated by commas; else recipes/distillation/denoise.yml.',
  },
  method: { type: 'string', description: 'Only these methods of the comparison, separated by commas.' },
  seeds: { type: 'string', default: '1,2,3', description: 'Seeds that each method is trained from.' },
  photographs: {
    type: 'string',
    description: 'Folder of photographs to train on; else what the recipe says.',
  },
  workers: { type: 'string', default: '1', description: 'Threads that share each batch.' },
  set: { type: 'string', description: 'Changes to the recipe, as pnpm train has them, separated by commas.' },
  engine: { type: 'string', default: 'auto', description: 'Engine to compute with.' },
  out: {
    type: 'string',
    default: 'runs/bench',
    description: 'Folder for report.json, report.md and report.html.',
  },
} as const satisfies ArgsDef;

export type OptionName = keyof typeof options;
export type Options = ParsedArgs<typeof options>;

/** The words of a list that was given with commas. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** @throws PellucidError `cli/usage` when `text` is no number that is `valid` */
export function numberOf(flag: OptionName, text: string, valid: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !valid(value))
    throw new PellucidError('cli/usage', `--${flag} cannot be "${text}".`);
  return value;
}

export function numbersOf(flag: OptionName, text: string, valid: (value: number) => boolean): number[] {
  const list = words(text);
  if (list.length === 0) throw new PellucidError('cli/usage', `--${flag} cannot be empty.`);
  return list.map((word) => numberOf(flag, word, valid));
}

/** How strongly the options have the bench degrade clean photographs. */
export function strengthsOf({ sigma, scale, quality, seed }: Options): Strengths {
  return {
    sigmas: numbersOf('sigma', sigma, (value) => value >= 0 && value <= 255),
    scales: numbersOf('scale', scale, (value) => Number.isInteger(value) && value > 1),
    ...(quality !== undefined && { stored: words(quality).map(storedOf) }),
    seed: numberOf('seed', seed, Number.isInteger),
  };
}

/** `75` is JPEG of that quality, `webp75` WebP. */
function storedOf(word: string): Stored {
  const [, webp, number] = /^(webp)?(.*)$/.exec(word)!;
  const valid = (value: number) => Number.isInteger(value) && value >= 1 && value <= 100;
  return { format: webp ? 'webp' : 'jpeg', quality: numberOf('quality', number!, valid) };
}

/** `512x256`, or `512` for a square. */
export function sizeOf(text: string): { width: number; height: number } {
  const [width, height = width, ...rest] = text.split('x');
  const valid = (value: number) => Number.isInteger(value) && value >= 16 && value <= 8192;
  if (rest.length > 0) throw new PellucidError('cli/usage', `--size cannot be "${text}".`);
  return { width: numberOf('size', width!, valid), height: numberOf('size', height!, valid) };
}
