/** The exact GELU in one kernel, where the side module is installed, and of stock ops elsewhere. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

export const GELU = 'PellucidGelu';
export const GELU_GRADIENT = 'PellucidGeluGradient';

/**
 * x Phi(x) with the normal distribution's own Phi, not its tanh approximation (Hendrycks and Gimpel 2016).
 * Differentiable on every backend.
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  if (!tf.getKernel(GELU, tf.getBackend()))
    return tf.tidy(() => tf.mul(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)));
  const fused = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([x]);
    return {
      value: tf.engine().runKernel(GELU, { x }) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.engine().runKernel(GELU_GRADIENT, { x: saved[0]!, dy }) as tf.Tensor,
    };
  });
  return fused(x) as T;
}

export function geluKernel(side: SideExports, { inputs: { x }, backend }: KernelCall): tf.TensorInfo {
  const y = backend.makeOutput(x.shape, 'float32');
  withScratch(backend, side.geluScratch(), (scratch) => {
    const [from, to] = addresses(backend, x, y) as [number, number];
    side.gelu(from, to, tf.util.sizeFromShape(x.shape), scratch);
  });
  return y;
}

export function geluGradientKernel(
  side: SideExports,
  { inputs: { x, dy }, backend }: KernelCall,
): tf.TensorInfo {
  const dx = backend.makeOutput(x.shape, 'float32');
  withScratch(backend, side.geluScratch(), (scratch) => {
    const [from, gradient, to] = addresses(backend, x, dy, dx) as [number, number, number];
    side.geluGradient(from, gradient, to, tf.util.sizeFromShape(x.shape), scratch);
  });
  return dx;
}
