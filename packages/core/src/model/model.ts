import * as z from 'zod';
import { PellucidError } from '../errors.ts';
import { weightsOf } from '../network/cost.ts';
import type { Graph } from '../network/graph.ts';
import { buildNetwork, type NetworkConfig, networkConfig } from '../networks/index.ts';
import type { Weights } from '../networks/initial-weights.ts';
import { eightBits, fromEightBits, inEightBits } from './eight-bits.ts';
import { shorten } from './half.ts';
import { type Dtype, type NamedArray, readSafetensors, writeSafetensors } from './safetensors.ts';

/** A trained network: everything that restoring a photograph takes. */
export interface Model {
  /** What it is called: the name of the recipe that trained it. */
  name: string;
  /** The degradation that it removes. */
  task: string;
  network: NetworkConfig;
  /** The names of the models whose images it merges, in their order; of an aggregator alone. */
  merges?: readonly string[];
  /** What a photograph goes through before its network sees it, beside what it was; nothing unless given. */
  before?: Before;
  graph: Graph;
  weights: Weights;
}

/** Steps that look at a whole photograph, which no small network can: `deconvolution` is `deconvolve`. */
export const before = z.enum(['deconvolution']);
export type Before = z.infer<typeof before>;

/** How many images of one photograph a model sees side by side: those of `seenBy`. */
export const imagesSeen = (steps: Before | undefined) => (steps ? 2 : 1);

const formatVersion = '1';

const metadata = z.object({
  pellucid: z.literal(formatVersion, { error: `the model's format is not version ${formatVersion}` }),
  name: z.string(),
  task: z.string(),
  network: json('the network config').pipe(networkConfig),
  merges: json('the list of merged models').pipe(z.array(z.string())).optional(),
  before: before.optional(),
});

function json(what: string) {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue(`${what} is not JSON`);
      return z.NEVER;
    }
  });
}

/**
 * Reads a model file: safetensors whose metadata holds the network's config.
 *
 * Throws PellucidError `model/not-safetensors`, `model/unknown-network` (the metadata does not describe a network of
 * this version), `model/missing-tensor`, `model/extra-tensor` or `model/wrong-shape`.
 */
export function readModel(bytes: Uint8Array): Model {
  const file = readSafetensors(bytes);
  const parsed = metadata.safeParse(file.metadata);
  if (!parsed.success)
    throw new PellucidError(
      'model/unknown-network',
      `The file does not describe a network that this version knows: ${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  const { name, task, network, merges, before } = parsed.data;
  const graph = buildNetwork(network);
  return {
    name,
    task,
    network,
    ...(merges && { merges }),
    ...(before && { before }),
    graph,
    weights: matchWeights(graph, file.tensors),
  };
}

/** Of mantissa: two less than float16 has. A compressed file is an eighth smaller, and restores to the same hundredth of a decibel. */
const halfBits = 8;

/**
 * Writes a model file. `F16` halves it, at a relative error of at most 2^-9, below what 8-bit output can show. `I8` takes
 * eight bits of what `eightBits` names, with a scale for each output channel beside it, and float16 of the rest.
 */
export function writeModel(model: Model, dtype: Dtype): Uint8Array {
  const { name, task, network, merges, before, graph, weights } = model;
  const tensors = new Map<string, NamedArray>();
  const short = dtype === 'I8' ? eightBits(graph) : new Set();
  for (const { name, shape } of weightsOf(graph)) {
    const values = weights.get(name)!;
    if (short.has(name)) {
      const { data, scale } = inEightBits(values, shape.at(-1)!);
      tensors.set(name, { shape, data, dtype: 'I8' });
      tensors.set(scaleOf(name), { shape: [scale.length], data: scale, dtype: 'F32' });
    } else tensors.set(name, { shape, data: dtype === 'F32' ? values : shorten(values, halfBits) });
  }
  const metadata = {
    pellucid: formatVersion,
    name,
    task,
    network: JSON.stringify(network),
    ...(merges && { merges: JSON.stringify(merges) }),
    ...(before && { before }),
  };
  return writeSafetensors({ tensors, metadata }, dtype === 'F32' ? 'F32' : 'F16');
}

/** The tensor with which whole numbers are multiplied, for each output channel. */
const scaleOf = (name: string) => `${name}.scale`;

/** Holds the arrays of a file against what the graph needs: every weight there, of its shape, and nothing else. */
function matchWeights(graph: Graph, tensors: Map<string, NamedArray>): Weights {
  const weights: Weights = new Map();
  const known = new Set<string>();
  for (const { name, shape } of weightsOf(graph)) {
    const { data, dtype } = tensorOf(tensors, name, shape);
    known.add(name);
    if (dtype === 'I8') {
      const { data: scale } = tensorOf(tensors, scaleOf(name), shape.slice(-1));
      weights.set(name, fromEightBits({ data, scale }));
      known.add(scaleOf(name));
    } else weights.set(name, data);
  }
  for (const name of tensors.keys())
    if (!known.has(name))
      throw new PellucidError(
        'model/extra-tensor',
        `The file has a tensor "${name}" that the network does not use.`,
      );
  return weights;
}

function tensorOf(tensors: Map<string, NamedArray>, name: string, shape: readonly number[]): NamedArray {
  const tensor = tensors.get(name);
  if (!tensor)
    throw new PellucidError(
      'model/missing-tensor',
      `The file has no tensor "${name}", which the network needs.`,
    );
  if (tensor.shape.join() !== shape.join())
    throw new PellucidError(
      'model/wrong-shape',
      `Tensor "${name}" has shape [${tensor.shape}], but the network needs [${shape}].`,
    );
  return tensor;
}
