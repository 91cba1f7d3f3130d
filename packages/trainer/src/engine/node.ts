import util from 'node:util';
import { PellucidError } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Native TensorFlow through tfjs-node or tfjs-node-gpu, where the person has installed one.
 *
 * Neither package is a dependency, not even an optional peer: pnpm would install it, and its install script fails
 * wherever it cannot download a TensorFlow.
 *
 * Throws PellucidError `engine/not-installed` where it is missing or its native library does not load, and
 * `engine/no-gpu` where tfjs-node-gpu has no GPU.
 */
export async function openNode(
  packageName: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu',
): Promise<void> {
  // tfjs-node 4.22 calls two functions that Node 23 removed from `util`.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value == null;
  legacy.isArray ??= Array.isArray;
  try {
    await import(packageName);
  } catch (cause) {
    throw new PellucidError(
      'engine/not-installed',
      `${packageName} is not installed or its native library does not load. Install it with \`pnpm add -w ${packageName}@4.22.0\`, or train with --engine wasm.`,
      { cause },
    );
  }
  if (!(await tf.setBackend('tensorflow'))) throw new Error(`${packageName} registered no backend`);
  // Without a GPU that it can use, tfjs-node-gpu computes on the CPU and says nothing.
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  if (packageName === '@tensorflow/tfjs-node-gpu' && !isUsingGpuDevice)
    throw new PellucidError(
      'engine/no-gpu',
      `${packageName} finds no GPU: it wants an NVIDIA one with CUDA 11.2 and cuDNN 8. Train with --engine wasm.`,
    );
}
