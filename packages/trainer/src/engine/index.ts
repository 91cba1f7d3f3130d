// The gradients of TensorFlow.js' operations, which its core leaves out in Node, come with the layers package.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { nearest } from '../nearest.ts';
import { openNode } from './node.ts';
import { proveGradients } from './proof.ts';
import { openWasm } from './wasm.ts';

export interface Engine {
  name: EngineName;
  /** One line for people: what computes, and why it was chosen. */
  description: string;
}

export type EngineName = keyof typeof engines;

/** Each makes itself TensorFlow.js' current backend, or throws. */
const engines = {
  'node-gpu': { what: 'TensorFlow on the GPU', open: () => openNode('@tensorflow/tfjs-node-gpu') },
  node: { what: 'TensorFlow on the CPU', open: () => openNode('@tensorflow/tfjs-node') },
  wasm: { what: 'WebAssembly SIMD', open: openWasm },
  cpu: { what: 'plain JavaScript, a slow reference', open: async () => void (await tf.setBackend('cpu')) },
};

/**
 * Starts an engine and makes it the one that TensorFlow.js computes with. An engine is taken only after it has
 * differentiated a trial convolution correctly.
 *
 * `auto` is the GPU, else WebAssembly. It passes tfjs-node over: TensorFlow's stock CPU build was no faster than our
 * kernels where both were timed, and the same command should give the same numbers on most machines.
 *
 * @throws PellucidError `engine/unknown` for a name that does not exist; `engine/not-installed`,
 *   `engine/no-gpu` or `engine/unusable` where the named engine does not work here
 */
export async function openEngine(choice: string): Promise<Engine> {
  if (choice !== 'auto') return open(choice, 'as asked');
  try {
    return await open('node-gpu', 'the fastest there is');
  } catch {
    return open('wasm', 'because node-gpu is not available');
  }
}

async function open(choice: string, why: string): Promise<Engine> {
  if (!Object.hasOwn(engines, choice)) {
    const names = ['auto', ...Object.keys(engines)];
    const meant = nearest(choice, names);
    throw new PellucidError(
      'engine/unknown',
      `There is no engine "${choice}"${meant ? `; did you mean "${meant}"?` : '.'} Engines: ${names.join(', ')}.`,
    );
  }
  const name = choice as EngineName;
  try {
    await engines[name].open();
    proveGradients();
  } catch (cause) {
    if (cause instanceof PellucidError && /not-installed|no-gpu/.test(cause.code)) throw cause;
    throw new PellucidError(
      'engine/unusable',
      `The engine ${name} does not train on this machine; choose another with --engine.`,
      { cause },
    );
  }
  return { name, description: `${name} (${engines[name].what}), ${why}` };
}
