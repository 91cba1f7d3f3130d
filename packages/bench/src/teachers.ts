import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  buildNetwork,
  type Model,
  networkConfig,
  PellucidError,
  type Raster,
  readSafetensors,
  type SafetensorsFile,
  type Weights,
  weightsOf,
} from '@pellucid/core';
import { z } from 'zod';
import { type Candidate, modelCandidate } from './candidate.ts';
import type { Condition } from './datasets/protocol.ts';
import { teachersFolder } from './folders.ts';
import { type TeacherLayout, teacherLayouts } from './teacher-layouts.ts';
import { unknown } from './unknown.ts';

/** What stands before the name of a network of others. */
export const TEACHERS = 'teachers:';

const ENDING = '.safetensors';

/** What a converted checkpoint says of itself. */
const Metadata = z.object({
  task: z.enum(['denoise', 'derain', 'deblur', 'sr']),
  scale: z.coerce.number().int().optional(),
  /** One noise level; anything else, such as "blind", says that it takes all. */
  sigma: z.coerce.number().optional().catch(undefined),
  trained_on: z.string().optional(),
  published: z.string().optional(),
});

/** The networks in the teachers' folder, by the names that stand after `teachers:`. */
export async function presentTeachers(): Promise<string[]> {
  const folder = teachersFolder();
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((file) => file.endsWith(ENDING));
  return names.map((file) => path.basename(file, ENDING)).sort();
}

/**
 * A network of others with its authors' weights, to measure.
 *
 * @throws as `foreignTeacher`
 */
export async function loadTeacher(name: string): Promise<Candidate> {
  const { model, metadata } = await foreignTeacher(name);
  const { trained_on: trainedOn, sigma, published } = metadata;
  const candidate = modelCandidate(model, {
    name: `${TEACHERS}${name}`,
    // Networks for rain are trained for one set, on that set's own training half.
    ...(trainedOn && { only: [trainedOn.replace('RainTrain', 'Rain100')] }),
    ...(sigma !== undefined && { sigma }),
    ...(published !== undefined && { published }),
  });
  return layoutOf(name)?.truncates ? truncating(candidate) : candidate;
}

/** The candidate as its authors' script saves what it restores: cut to 8 bits, not rounded. */
function truncating(candidate: Candidate): Candidate {
  const open = async () => {
    const { restore, dispose } = await candidate.open();
    return {
      dispose,
      async restore(image: Raster, condition: Condition) {
        const restored = await restore(image, condition);
        return { ...restored, data: restored.data.map((value) => Math.floor(255 * value) / 255) };
      },
    };
  };
  const published = candidate.published && `${candidate.published}; saved as its authors do, cut to 8 bits`;
  return { ...candidate, ...(published && { published }), open };
}

const layoutOf = (name: string): TeacherLayout | undefined => teacherLayouts[name.split('_')[0]!];

/**
 * A network of others with its authors' weights, from a safetensors file whose convolution kernels are [height, width,
 * in, out] under `w.<layer>.w` and `w.<layer>.b`; and what the file says of it.
 *
 * @throws PellucidError `bench/unknown-model` suggesting the right one, `bench/bad-teacher`
 */
export async function foreignTeacher(
  name: string,
): Promise<{ model: Model; metadata: z.infer<typeof Metadata> }> {
  const file = path.join(teachersFolder(), `${name}${ENDING}`);
  if (!existsSync(file)) {
    const known = (await presentTeachers()).map((known) => `${TEACHERS}${known}`);
    throw unknown('model', `${TEACHERS}${name}`, known, 'bench/unknown-model');
  }
  return readTeacher(name, readSafetensors(new Uint8Array(await readFile(file))));
}

function readTeacher(
  name: string,
  { metadata, tensors }: SafetensorsFile,
): { model: Model; metadata: z.infer<typeof Metadata> } {
  const layout = layoutOf(name);
  if (!layout)
    throw new PellucidError(
      'bench/bad-teacher',
      `${name} is a network that is not known: names begin with ${Object.keys(teacherLayouts).join(', ')}.`,
    );
  const parsed = Metadata.safeParse(metadata);
  if (!parsed.success)
    throw new PellucidError(
      'bench/bad-teacher',
      `${name} does not say what it is for: ${z.prettifyError(parsed.error)}`,
    );
  const { task, scale } = parsed.data;
  const network = networkConfig.parse({ kind: layout.kind, ...(scale && { scale }) });
  const graph = buildNetwork(network);
  const weights: Weights = new Map();
  for (const [source, { data }] of tensors) {
    const [, given, part] = /^w\.(.+?)(?:\.(w|b|s|t|weight|bias))?$/.exec(source) ?? [];
    if (given === undefined) continue;
    const layer = layout.layer?.(given) ?? given;
    weights.set(`${layer}${ending(part, layout)}`, data);
  }
  layout.mend?.(weights);
  for (const weight of weightsOf(graph)) {
    const length = weight.shape.reduce((a, b) => a * b, 1);
    if (weights.get(weight.name)?.length !== length)
      throw new PellucidError(
        'bench/bad-teacher',
        `${name} has no ${weight.name} of shape [${weight.shape}], which the network needs.`,
      );
  }
  return { model: { name, task, network, graph, weights }, metadata: parsed.data };
}

/** What a tensor's name ends with here. */
function ending(part: string | undefined, { bareKernels = false }: TeacherLayout): string {
  if (part === undefined) return bareKernels ? '.weight' : '';
  return { w: '.weight', b: '.bias' }[part[0]!] ?? `.${part}`;
}
