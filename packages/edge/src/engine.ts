import { Restorer } from '@pellucid/core';
import { startWasm } from '@pellucid/core/wasm';
import { modelFor, type Task } from './models.ts';

/** Bytes for the feature maps of one tile: what MEMORY.md leaves of the isolate to the engine's heap. */
export const TILE_MEMORY = 11 * 2 ** 20;

let started: Promise<void> | undefined;
let current: { task: Task; restorer: Restorer } | undefined;

/** Starts the engine, once; to be called before the first restorer, or to see whether it can. */
export function startEngine(): Promise<void> {
  started ??= startWasm();
  return started;
}

/**
 * The restorer for a task. Only the last one's weights are kept, so that the heap does not grow with the number of
 * tasks: whoever asks for another must have finished with the one before, which the gate sees to.
 */
export async function restorerFor(task: Task): Promise<Restorer> {
  await startEngine();
  if (current?.task !== task) {
    current?.restorer.dispose();
    current = undefined;
    const model = modelFor(task);
    current = { task, restorer: new Restorer(model, { memory: TILE_MEMORY }) };
    // The engine has taken them over into its heap.
    model.weights.clear();
  }
  return current.restorer;
}
