import type { PellucidError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { NamedArray } from '../model/safetensors.ts';
import { weightsOf } from '../network/cost.ts';
import type { Graph, Weight } from '../network/graph.ts';
import { buildNetwork, type NetworkConfig } from '../networks/index.ts';
import type { Weights } from '../networks/initial-weights.ts';
import { adapterOf } from './architectures/index.ts';
import { missingTensor, wrongShape } from './errors.ts';
import type { StateDict } from './state-dict.ts';

/** Arrays that PyTorch keeps beside the weights, though they follow from the config or serve training alone. */
const buffers = /(^|\.)(num_batches_tracked|relative_position_index|attn_mask)$/;

/**
 * Makes a model of a network's PyTorch weights.
 *
 * @returns the model, and the names of the tensors that it has no use for: none, where the config is the one that the
 *   weights were trained with
 * @throws PellucidError `import/missing-tensor` or `import/wrong-shape`, which name the tensor, what the network needs
 *   and what was found
 */
export function importModel({
  stateDict,
  network,
  name,
  task,
}: {
  stateDict: StateDict;
  network: NetworkConfig;
  name: string;
  task: string;
}): { model: Model; leftOver: string[] } {
  const graph = buildNetwork(network);
  const { weights, leftOver } = importWeights(adapterOf(network)(stateDict), graph);
  return { model: { name, task, network, graph, weights }, leftOver };
}

/** As `importModel`, for a graph and a state dict of just the names that its weights have. */
export function importWeights(stateDict: StateDict, graph: Graph): { weights: Weights; leftOver: string[] } {
  const needed = weightsOf(graph);
  const names = new Set(needed.map(({ name }) => name));
  const leftOver = [...stateDict.keys()].filter((name) => !names.has(name) && !buffers.test(name));
  const absent = needed.filter(({ name }) => !stateDict.has(name));
  if (absent.length > 0) throw missing(absent, needed.length, leftOver, stateDict);
  return {
    weights: new Map(needed.map((weight) => [weight.name, fromPytorch(weight, stateDict.get(weight.name)!)])),
    leftOver,
  };
}

/** The values of a tensor in the order in which our layout has them. */
function fromPytorch(weight: Weight, { shape, data }: NamedArray): Float32Array {
  const expected = pytorchShape(weight);
  const fits =
    weight.layout === 'vector'
      ? data.length === product(weight.shape)
      : // A linear layer is a 1x1 convolution.
        [...shape, ...Array(4).fill(1)].slice(0, 4).join() === expected.join() && shape.length <= 4;
  if (!fits) throw wrongShape(weight.name, shape, expected);
  if (weight.layout === 'vector') return data.slice();
  const [outputs, inputs, height, width] = expected as [number, number, number, number];
  const positions = height * width;
  const kernel = new Float32Array(data.length);
  // [out, in, row, column] to [row, column, in, out]; a depthwise kernel has one input a channel.
  for (let output = 0; output < outputs; output++)
    for (let input = 0; input < inputs; input++)
      for (let position = 0; position < positions; position++)
        kernel[(position * inputs + input) * outputs + output] =
          data[(output * inputs + input) * positions + position]!;
  return kernel;
}

/** The shape that PyTorch gives a weight. */
function pytorchShape({ layout, shape }: Weight): number[] {
  if (layout === 'vector') return shape;
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  return layout === 'conv' ? [outputs, inputs, height, width] : [inputs * outputs, 1, height, width];
}

/** Names the first of the missing tensors, and unused ones that may be the same under another name. */
function missing(absent: Weight[], needed: number, leftOver: string[], stateDict: StateDict): PellucidError {
  const first = absent[0]!;
  const shape = pytorchShape(first);
  const alike = leftOver.filter((name) => product(stateDict.get(name)!.shape) === product(shape));
  const others = absent.length > 1 ? ` (nor ${absent.length - 1} others of the ${needed} needed)` : '';
  const candidates = alike.length > 0 ? ` As large, and unused: ${alike.slice(0, 3).join(', ')}.` : '';
  return missingTensor(`"${first.name}" of shape [${shape.join(', ')}]${others}.${candidates}`);
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
