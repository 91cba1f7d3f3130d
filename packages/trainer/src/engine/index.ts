// The gradients of TensorFlow.js' operations, which its core leaves out in Node, come with the layers package.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { PellucidError } from '@pellucid/core';
import { registerMissingGradients } from '@pellucid/core/kernels';
import { startWorkspaces } from '@pellucid/core/wasm';
import * as tf from '@tensorflow/tfjs-core';
import { nearest } from '../nearest.ts';
import { physicalCores } from './cores.ts';
import { openNode } from './node.ts';
import { trialMilliseconds } from './probe.ts';
import { proveGradients } from './proof.ts';
import { openWasm } from './wasm.ts';
import { openWebgpu } from './webgpu.ts';

export interface Engine {
  name: EngineName;
  /** One line for people: what computes, why it was chosen, and how to get a better one. */
  description: string;
}

export type EngineName = keyof typeof engines;

/**
 * Each makes itself TensorFlow.js' current backend and says in words what computes, or throws.
 *
 * @param hardwareOnly refuse what merely imitates a GPU
 */
const engines = {
  'node-gpu': () => openNode('node-gpu'),
  webgpu: openWebgpu,
  node: () => openNode('node'),
  wasm: openWasm,
  cpu: async () => {
    await tf.setBackend('cpu');
    return 'plain JavaScript, a slow reference';
  },
};

/** The names that `--engine` takes. */
export const engineNames: readonly string[] = ['auto', ...Object.keys(engines)];

/**
 * Starts an engine and makes it the one that TensorFlow.js computes with. An engine is taken only after it has
 * differentiated a trial convolution correctly.
 *
 * `auto` is a GPU, through node-gpu or else webgpu; without one, the faster of wasm and node by a trial of some tenths
 * of a second, where both are there. A software imitation of a GPU is never taken unasked.
 *
 * @throws PellucidError `engine/unknown` for a name that does not exist; `engine/not-installed`,
 *   `engine/no-gpu` or `engine/unusable` where the named engine does not work here
 */
export async function openEngine(choice: string): Promise<Engine> {
  if (choice === 'auto') return chooseEngine();
  if (!Object.hasOwn(engines, choice)) {
    const meant = nearest(choice, engineNames);
    throw new PellucidError(
      'engine/unknown',
      `There is no engine "${choice}"${meant ? `; did you mean "${meant}"?` : '.'} Engines: ${engineNames.join(', ')}.`,
    );
  }
  const name = choice as EngineName;
  return { name, description: `${name} (${await start(name, false)}), as asked` };
}

async function chooseEngine(): Promise<Engine> {
  const refused: string[] = [];
  for (const name of ['node-gpu', 'webgpu'] as const) {
    const what = await startIfItWorks(name, refused);
    if (what !== undefined)
      return { name, description: `${name} (${what}), the first GPU engine that works here` };
  }
  const missing = refused.includes('webgpu is not installed');
  const hint = `${refused.join(', ')}${missing ? '; where there is a GPU, `npx -y pnpm@12 engine:native webgpu` makes use of it' : ''}`;

  const native = await startIfItWorks('node', []);
  const nativeTime = native === undefined ? undefined : await trialMilliseconds();
  const wasm = await start('wasm', true);
  if (nativeTime === undefined) return { name: 'wasm', description: `wasm (${wasm}); ${hint}` };
  // Training shares a batch over a worker for each core, and TensorFlow uses all cores in any case.
  const wasmTime = (await trialMilliseconds()) / physicalCores();
  const times = `a trial took wasm ${wasmTime.toFixed(1)} ms and node ${nativeTime.toFixed(1)} ms on all cores`;
  if (wasmTime <= nativeTime) return { name: 'wasm', description: `wasm (${wasm}): ${times}; ${hint}` };
  return { name: 'node', description: `node (${await start('node', true)}): ${times}; ${hint}` };
}

async function startIfItWorks(name: EngineName, refused: string[]): Promise<string | undefined> {
  try {
    return await start(name, true);
  } catch (error) {
    const reasons: Record<string, string> = {
      'engine/not-installed': 'is not installed',
      'engine/no-gpu': 'finds no GPU',
    };
    refused.push(`${name} ${reasons[(error as PellucidError).code] ?? 'computes wrongly'}`);
    return undefined;
  }
}

/** Opens an engine and has it prove itself. */
async function start(name: EngineName, hardwareOnly: boolean): Promise<string> {
  try {
    const what = await engines[name](hardwareOnly);
    if (name !== 'wasm') await startWorkspaces();
    registerMissingGradients();
    await proveGradients();
    return what;
  } catch (cause) {
    if (cause instanceof PellucidError && /not-installed|no-gpu/.test(cause.code)) throw cause;
    throw new PellucidError(
      'engine/unusable',
      `The engine ${name} does not train on this machine; choose another with --engine.`,
      { cause },
    );
  }
}
