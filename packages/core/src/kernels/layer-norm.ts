/** Layer normalisation in one kernel, where the side module is installed, and of stock ops elsewhere. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

export const LAYER_NORM = 'PellucidLayerNorm';
export const LAYER_NORM_GRADIENT = 'PellucidLayerNormGradient';

/**
 * Layer normalisation over the last axis: (x - mean) / sqrt(variance + epsilon) * scale + offset (Ba et al. 2016).
 * Without an offset the mean stays: x / sqrt(variance + epsilon) * scale, the bias-free norm of Restormer (Zamir et al.
 * 2022). Differentiable on every backend.
 *
 * @param x [..., channels]
 * @param scale [channels]
 * @param offset [channels]
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  scale: tf.Tensor,
  offset: tf.Tensor | undefined,
  epsilon: number,
): T {
  if (!tf.getKernel(LAYER_NORM, tf.getBackend())) return composed(x, scale, offset, epsilon);
  const fused = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [x, scale, offset] = args.slice(0, -1) as [tf.Tensor, tf.Tensor, tf.Tensor?];
    save([x, scale]);
    const inputs: tf.NamedTensorMap = offset ? { x, scale, offset } : { x, scale };
    return {
      value: tf.engine().runKernel(LAYER_NORM, inputs, { epsilon }) as tf.Tensor,
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [x, scale] = saved as [tf.Tensor, tf.Tensor];
        const attrs = { epsilon, centred: offset !== undefined };
        return tf.engine().runKernel(LAYER_NORM_GRADIENT, { x, scale, dy }, attrs) as tf.Tensor[];
      },
    };
  });
  return (offset ? fused(x, scale, offset) : fused(x, scale)) as T;
}

function composed<T extends tf.Tensor>(
  x: T,
  scale: tf.Tensor,
  offset: tf.Tensor | undefined,
  epsilon: number,
): T {
  return tf.tidy(() => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const normal = tf.mul(offset ? centred : x, tf.rsqrt(tf.add(variance, epsilon)));
    const scaled = tf.mul(normal, scale);
    return (offset ? tf.add(scaled, offset) : scaled) as T;
  });
}

export function layerNormKernel(side: SideExports, { inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { x, scale, offset } = inputs;
  const y = backend.makeOutput(x.shape, 'float32');
  side.layerNorm(...addresses(backend, x, scale, offset, y), ...rowsOf(x.shape), attrs.epsilon);
  return y;
}

/** The gradients to x, scale and, where it has one, offset. */
export function layerNormGradientKernel(
  side: SideExports,
  { inputs, attrs, backend }: KernelCall,
): tf.TensorInfo[] {
  const { x, scale, dy } = inputs;
  const outputs = attrs.centred ? [x, scale, scale] : [x, scale];
  const gradients = outputs.map(({ shape }) => backend.makeOutput(shape, 'float32'));
  withScratch(backend, 8 * x.shape.at(-1), (scratch) => {
    side.layerNormGradient(
      ...addresses(backend, x, scale, dy, gradients[0], gradients[1], gradients[2]),
      ...[...rowsOf(x.shape), attrs.epsilon, scratch],
    );
  });
  return gradients;
}

function rowsOf(shape: number[]): [rows: number, channels: number] {
  return [tf.util.sizeFromShape(shape.slice(0, -1)), shape.at(-1)!];
}
