/**
 * What adapters are made of: each function returns a state dict in which some tensors are replaced by others that do
 * the same work. Shapes are PyTorch's.
 */
import { PellucidError } from '../errors.ts';
import type { NamedArray } from '../model/safetensors.ts';
import { missingTensor, wrongShape } from './errors.ts';
import type { StateDict } from './state-dict.ts';

/**
 * Renames every tensor by the first rule whose pattern is found in its name; `$1` stands for the first group.
 *
 * @throws PellucidError `import/name-clash` when two tensors would get one name
 */
export function rename(stateDict: StateDict, rules: readonly (readonly [RegExp, string])[]): StateDict {
  const renamed: StateDict = new Map();
  for (const [old, array] of stateDict) {
    const rule = rules.find(([pattern]) => pattern.test(old));
    const name = rule ? old.replace(...rule) : old;
    if (renamed.has(name))
      throw new PellucidError('import/name-clash', `The checkpoint has two tensors that mean "${name}".`);
    renamed.set(name, array);
  }
  return renamed;
}

/** Joins tensors along their first axis, the outputs, as layers that read one input are joined: keys and values. */
export function join(stateDict: StateDict, names: readonly string[], joined: string): StateDict {
  const parts = names.map((name) => tensor(stateDict, name));
  const rest = parts[0]!.shape.slice(1);
  for (const [i, { shape }] of parts.entries())
    if (shape.slice(1).join() !== rest.join()) throw wrongShape(names[i]!, shape, [shape[0]!, ...rest]);
  const outputs = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let position = 0;
  for (const part of parts) {
    data.set(part.data, position);
    position += part.data.length;
  }
  return replace(stateDict, names, [[joined, { shape: [outputs, ...rest], data }]]);
}

/**
 * Folds a batch normalisation, as it is after training, into the convolution before it:
 * gamma (w x + b - mean) / sqrt(variance + epsilon) + beta.
 *
 * @param conv name of the convolution; it gains a bias if it has none
 * @param norm name of the batch normalisation
 */
export function foldBatchNorm(stateDict: StateDict, conv: string, norm: string, epsilon = 1e-5): StateDict {
  const { shape, data } = tensor(stateDict, `${conv}.weight`);
  const outputs = shape[0]!;
  const vector = (name: string): Float32Array => {
    const found = tensor(stateDict, name);
    if (found.data.length !== outputs) throw wrongShape(name, found.shape, [outputs]);
    return found.data;
  };
  const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => `${norm}.${part}`);
  const [gamma, beta, mean, variance] = parts.map(vector) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const bias = stateDict.has(`${conv}.bias`) ? vector(`${conv}.bias`) : new Float32Array(outputs);
  const factor = gamma.map((value, output) => value / Math.sqrt(variance[output]! + epsilon));
  const fanIn = data.length / outputs;
  const weight = data.map((value, i) => value * factor[Math.floor(i / fanIn)]!);
  const shift = bias.map((value, output) => (value - mean[output]!) * factor[output]! + beta[output]!);
  return replace(
    stateDict,
    [...parts, `${norm}.num_batches_tracked`],
    [
      [`${conv}.weight`, { shape, data: weight }],
      [`${conv}.bias`, { shape: [outputs], data: shift }],
    ],
  );
}

/**
 * Turns a transposed convolution whose step is its kernel's size, [in, out, b, b], into the 1x1 convolution that
 * depth-to-space follows, [b*b*out, in, 1, 1], its channels ordered (row, column, channel).
 */
export function untranspose(stateDict: StateDict, name: string): StateDict {
  const { shape, data } = tensor(stateDict, `${name}.weight`);
  const [inputs = 0, outputs = 0, block = 0, width = 0] = shape;
  if (shape.length !== 4 || block !== width)
    throw wrongShape(`${name}.weight`, shape, [inputs, outputs, block, block]);
  const positions = block * block;
  const weight = new Float32Array(data.length);
  for (let input = 0; input < inputs; input++)
    for (let output = 0; output < outputs; output++)
      for (let position = 0; position < positions; position++)
        weight[(position * outputs + output) * inputs + input] =
          data[(input * outputs + output) * positions + position]!;
  const fresh: [string, NamedArray][] = [
    [`${name}.weight`, { shape: [positions * outputs, inputs, 1, 1], data: weight }],
  ];
  const bias = stateDict.get(`${name}.bias`)?.data;
  if (bias) {
    const repeated = Float32Array.from({ length: positions * outputs }, (_, i) => bias[i % outputs]!);
    fresh.push([`${name}.bias`, { shape: [repeated.length], data: repeated }]);
  }
  return replace(stateDict, [], fresh);
}

/** The tensor of that name; PellucidError `import/missing-tensor` if there is none. */
export function tensor(stateDict: StateDict, name: string): NamedArray {
  const found = stateDict.get(name);
  if (!found) throw missingTensor(`"${name}".`);
  return found;
}

function replace(
  stateDict: StateDict,
  removed: readonly string[],
  fresh: readonly (readonly [string, NamedArray])[],
): StateDict {
  return new Map([...[...stateDict].filter(([name]) => !removed.includes(name)), ...fresh]);
}
