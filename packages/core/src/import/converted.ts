import * as z from 'zod';
import { PellucidError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { readSafetensors } from '../model/safetensors.ts';
import { weightsOf } from '../network/cost.ts';
import { buildNetwork, networkConfig } from '../networks/index.ts';
import type { Weights } from '../networks/initial-weights.ts';
import { type ConvertedLayout, convertedLayouts } from './converted-layouts.ts';

/** What a converted checkpoint says of itself. */
const Metadata = z.object({
  task: z.enum(['denoise', 'derain', 'deblur', 'sr']),
  scale: z.coerce.number().int().optional(),
  /** One noise level; anything else, such as "blind", says that it takes all. */
  sigma: z.coerce.number().optional().catch(undefined),
  trained_on: z.string().optional(),
  published: z.string().optional(),
});

export interface Converted {
  model: Model;
  metadata: z.infer<typeof Metadata>;
  /** Whether its authors' script cuts the output to 8 bits where others round it. */
  truncates: boolean;
}

/** Whether a file is a checkpoint of others, converted: its weights are under `w.`, and its metadata says for what. */
export function isConverted(bytes: Uint8Array): boolean {
  try {
    const { metadata, tensors } = readSafetensors(bytes);
    return (
      'task' in metadata &&
      !('pellucid' in metadata) &&
      [...tensors.keys()].some((name) => name.startsWith('w.'))
    );
  } catch {
    return false;
  }
}

/**
 * Reads a network of others with its authors' weights, from a safetensors file whose convolution kernels are [height,
 * width, in, out] under `w.<layer>.w` and `w.<layer>.b`; and what the file says of it.
 *
 * @param name the file's, without its ending: it begins with the network's
 * @throws PellucidError `import/bad-converted`, `model/not-safetensors`
 */
export function readConverted(name: string, bytes: Uint8Array): Converted {
  const { metadata, tensors } = readSafetensors(bytes);
  const bad = (why: string) => new PellucidError('import/bad-converted', `${name} ${why}.`);
  const layout = convertedLayouts[name.split('_')[0]!];
  if (!layout)
    throw bad(`is a network that is not known: names begin with ${Object.keys(convertedLayouts).join(', ')}`);
  const parsed = Metadata.safeParse(metadata);
  if (!parsed.success) throw bad(`does not say what it is for: ${z.prettifyError(parsed.error)}`);
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
      throw bad(`has no ${weight.name} of shape [${weight.shape}], which the network needs`);
  }
  return {
    model: { name, task, network, graph, weights },
    metadata: parsed.data,
    truncates: layout.truncates ?? false,
  };
}

/** What a tensor's name ends with here. */
function ending(part: string | undefined, { bareKernels = false }: ConvertedLayout): string {
  if (part === undefined) return bareKernels ? '.weight' : '';
  return { w: '.weight', b: '.bias' }[part[0]!] ?? `.${part}`;
}
