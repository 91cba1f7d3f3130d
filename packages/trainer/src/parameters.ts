import * as tf from '@tensorflow/tfjs-core';

/** A network's weights by name, as `readModel` and `initialWeights` give them. */
export type WeightMap = Map<string, Float32Array>;

/** Where one weight lies in the flat array. */
interface Slot {
  name: string;
  shape: number[];
  offset: number;
  size: number;
}

/**
 * All trainable weights of a network in one flat array, in the order of its graph.
 *
 * Whatever works on every weight (optimiser, moving average, checkpoint) is then a plain loop over numbers, the same
 * on every engine, and what an interrupted run has to save is a handful of arrays.
 */
export class Parameters {
  readonly slots: readonly Slot[];
  /** Number of weights, biases included. */
  readonly count: number;

  /** @param weights name and shape of each weight, as `weightsOf(graph)` gives them */
  constructor(weights: readonly { name: string; shape: readonly number[] }[]) {
    let offset = 0;
    this.slots = weights.map(({ name, shape }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const slot = { name, shape: [...shape], offset, size };
      offset += size;
      return slot;
    });
    this.count = offset;
  }

  /** Lays weights by name into one flat array. */
  flatten(weights: WeightMap): Float32Array {
    const flat = new Float32Array(this.count);
    for (const { name, offset } of this.slots) flat.set(weights.get(name)!, offset);
    return flat;
  }

  /** The inverse of `flatten`; the arrays are copies. */
  unflatten(flat: Float32Array): WeightMap {
    return new Map(this.slots.map(({ name, offset, size }) => [name, flat.slice(offset, offset + size)]));
  }

  /** Hands the weights to the engine. The caller disposes of the tensors. */
  upload(flat: Float32Array): Record<string, tf.Tensor> {
    return Object.fromEntries(
      this.slots.map(({ name, shape, offset, size }) => [
        name,
        tf.tensor(flat.subarray(offset, offset + size), shape, 'float32'),
      ]),
    );
  }
}
