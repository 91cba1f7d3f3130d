/** The gates of NAFNet and Restormer in one kernel, where the side module is installed, and of stock ops elsewhere. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { gelu } from './gelu.ts';
import { type SideExports, withScratch } from './side-module.ts';

export const GATE = 'PellucidGate';
export const GATE_GRADIENT = 'PellucidGateGradient';

/**
 * f(a) b, where a and b are the first and the second half of the channels, and f is the identity (Chen et al. 2022) or,
 * `curved`, the exact GELU (Zamir et al. 2022). Differentiable on every backend.
 *
 * @param x [n, h, w, 2 * channels]
 * @returns [n, h, w, channels]
 */
export function gate(x: tf.Tensor4D, curved: boolean): tf.Tensor4D {
  if (!tf.getKernel(GATE, tf.getBackend())) return composed(x, curved);
  const fused = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([x]);
    return {
      value: tf.engine().runKernel(GATE, { x }, { curved }) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.engine().runKernel(GATE_GRADIENT, { x: saved[0]!, dy }, { curved }) as tf.Tensor,
    };
  });
  return fused(x) as tf.Tensor4D;
}

function composed(x: tf.Tensor4D, curved: boolean): tf.Tensor4D {
  const channels = x.shape[3] / 2;
  return tf.tidy(() => {
    const half = (index: number) =>
      tf.slice(x, [0, 0, 0, index * channels], [-1, -1, -1, channels]) as tf.Tensor4D;
    return tf.mul(curved ? gelu(half(0)) : half(0), half(1));
  });
}

export function gateKernel(side: SideExports, { inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo {
  const channels = x.shape.at(-1) / 2;
  const y = backend.makeOutput([...x.shape.slice(0, -1), channels], 'float32');
  withScratch(backend, side.geluScratch(), (scratch) => {
    const [from, to] = addresses(backend, x, y) as [number, number];
    side.gate(from, to, tf.util.sizeFromShape(y.shape) / channels, channels, Number(attrs.curved), scratch);
  });
  return y;
}

export function gateGradientKernel(
  side: SideExports,
  { inputs: { x, dy }, attrs, backend }: KernelCall,
): tf.TensorInfo {
  const channels = dy.shape.at(-1);
  const dx = backend.makeOutput(x.shape, 'float32');
  withScratch(backend, side.geluScratch(), (scratch) => {
    side.gateGradient(
      ...addresses(backend, x, dy, dx),
      ...[tf.util.sizeFromShape(dy.shape) / channels, channels, Number(attrs.curved), scratch],
    );
  });
  return dx;
}
