import type { TrainingArrays } from '../checkpoint.ts';
import type { Parameters } from '../parameters.ts';
import type { Recipe } from '../recipe.ts';
import { adamw } from './adamw.ts';
import { orthogonalised } from './muon.ts';

type Slot = Parameters['slots'][number];

/**
 * One step of the recipe's optimiser, in place.
 *
 * Muon (Jordan et al. 2024) takes the kernels, and AdamW what is no matrix: biases, depthwise kernels, scales. A kernel
 * [height, width, in, out] is the matrix of all its patches, [height width in, out]. The learning rate means the same to
 * both: how far a weight moves, in root mean square, where AdamW's gradients agree from step to step.
 *
 * @param gradient spent: Muon works in its place
 * @param step counted from 0
 */
export async function takeStep(
  { weights, first, second }: Omit<TrainingArrays, 'average'>,
  gradient: Float32Array,
  { slots }: Parameters,
  settings: Recipe['optimiser'],
  learningRate: number,
  step: number,
): Promise<void> {
  const kernels = settings.kind === 'muon' ? slots.filter(mixesChannels) : [];
  for (const slot of slots) {
    if (kernels.includes(slot)) continue;
    const [own, change, mean, square] = [weights, gradient, first, second].map((array) => part(array, slot));
    adamw(own!, change!, { first: mean!, second: square! }, settings, learningRate, step);
  }
  if (kernels.length === 0) return;
  const matrices = kernels.map((slot) => {
    const columns = slot.shape.at(-1)!;
    const values = lookAhead(part(first, slot), part(gradient, slot), settings.momentum);
    return { values, rows: slot.size / columns, columns };
  });
  const directions = await orthogonalised(matrices);
  const kept = 1 - learningRate * settings.weightDecay;
  for (const [index, slot] of kernels.entries()) {
    const { rows, columns } = matrices[index]!;
    const own = part(weights, slot);
    const direction = directions[index]!;
    // Of a matrix with orthonormal columns, or rows, this makes the root mean square 1.
    const rate = learningRate * Math.sqrt(Math.max(rows, columns));
    for (let i = 0; i < own.length; i++) own[i] = kept * own[i]! - rate * direction[i]!;
  }
}

function part(array: Float32Array, { offset, size }: Slot): Float32Array {
  return array.subarray(offset, offset + size);
}

/** Whether a weight is a matrix of more than one row and column, as kernels are that mix channels. */
function mixesChannels({ name, shape, size }: Slot): boolean {
  const columns = shape.at(-1)!;
  return name.endsWith('weight') && columns > 1 && size > columns;
}

/** Moves the momentum on to the gradient; then as much again, in the gradient's place (Nesterov). */
function lookAhead(momentum: Float32Array, gradient: Float32Array, share: number): Float32Array {
  for (let i = 0; i < momentum.length; i++) {
    momentum[i] = share * momentum[i]! + (1 - share) * gradient[i]!;
    gradient[i] = share * momentum[i]! + (1 - share) * gradient[i]!;
  }
  return gradient;
}
