import { installTrainingKernels, supportsRelaxedSimd } from '@pellucid/core/kernels';
import { startWasm } from '@pellucid/core/wasm';

/**
 * TensorFlow.js on WebAssembly, which npm alone installs anywhere, with the project's convolution kernels: the stock
 * backend lacks the gradients.
 *
 * @returns what computes, in words
 */
export async function openWasm(): Promise<string> {
  await startWasm({ install: installTrainingKernels, joinVectors: true });
  return supportsRelaxedSimd() ? 'WebAssembly SIMD with fused multiply-add' : 'WebAssembly SIMD';
}
