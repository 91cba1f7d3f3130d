import util from 'node:util';
import { PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { importOptional } from './optional.ts';

/**
 * Native TensorFlow through tfjs-node or tfjs-node-gpu, where the person has installed one.
 *
 * Neither package is a dependency, not even an optional peer: pnpm would install it, and its install script fails
 * wherever it cannot download a TensorFlow.
 *
 * @returns what computes, in words
 * @throws PellucidError `engine/not-installed` where it is missing or its native library does not load, and
 *   `engine/no-gpu` where tfjs-node-gpu has no GPU
 */
export async function openNode(engine: 'node' | 'node-gpu'): Promise<string> {
  // tfjs-node 4.22 calls two functions of `util`: Node 23 removed one and warns of the other.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null, isArray: Array.isArray });
  // TensorFlow reports its start on stderr unless told that only errors matter.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // The package brings the cpu backend once more, which would be reported kernel by kernel.
  tf.env().set('PROD', true);
  try {
    await importOptional(engine, `@tensorflow/tfjs-${engine}`);
  } catch (cause) {
    throw new PellucidError(
      'engine/not-installed',
      `${engine} is not installed or its native library does not load. \`npx -y pnpm@12 engine:native ${engine}\` gets it; or train with --engine wasm.`,
      { cause },
    );
  } finally {
    tf.env().set('PROD', false);
  }
  if (!(await tf.setBackend('tensorflow')))
    throw new Error(`@tensorflow/tfjs-${engine} registered no backend`);
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  // Without a GPU that it can use, tfjs-node-gpu computes on the CPU and says nothing.
  if (engine === 'node-gpu' && !isUsingGpuDevice)
    throw new PellucidError(
      'engine/no-gpu',
      'node-gpu finds no GPU: it wants an NVIDIA one with the driver and the CUDA libraries of its TensorFlow. Train with --engine webgpu or wasm.',
    );
  return engine === 'node' ? 'TensorFlow on the CPU' : 'TensorFlow on the GPU';
}
