/** Contrast normalisation of features and their natural statistics, each in one kernel, where the side module has it. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

export const CONTRAST = 'PellucidContrast';
export const CONTRAST_GRADIENT = 'PellucidContrastGradient';
export const NATURAL = 'PellucidNaturalStatistics';
export const NATURAL_GRADIENT = 'PellucidNaturalStatisticsGradient';

/** The constants of contrast normalisation; `losses/feature-statistics.ts` says what they mean. */
export interface ContrastConstants {
  /** The window from its middle outwards: four weights. */
  window: readonly number[];
  epsilon: number;
  contrastFloor: number;
  spreadFloor: number;
}

/** `contrastNormalised` of `losses/feature-statistics.ts`; undefined where the current backend has no such kernel. */
export function fusedContrast(x: tf.Tensor4D, constants: ContrastConstants): tf.Tensor4D | undefined {
  if (!tf.getKernel(CONTRAST, tf.getBackend())) return undefined;
  const attrs = { ...constants };
  const fused = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const outputs = tf.engine().runKernel(CONTRAST, { x }, attrs) as tf.Tensor[];
    save(outputs);
    return {
      value: outputs[0]!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [m, mean, deviation, spread] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        return tf
          .engine()
          .runKernel(CONTRAST_GRADIENT, { m, mean, deviation, spread, dy }, attrs) as tf.Tensor;
      },
    };
  });
  return fused(x) as tf.Tensor4D;
}

/** `naturalStatistics` of `losses/feature-statistics.ts`; undefined where the current backend has no such kernel. */
export function fusedNatural(m: tf.Tensor4D): tf.Tensor4D | undefined {
  if (!tf.getKernel(NATURAL, tf.getBackend())) return undefined;
  const fused = tf.customGrad((...args) => {
    const [m, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([m]);
    return {
      value: tf.engine().runKernel(NATURAL, { m }) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.engine().runKernel(NATURAL_GRADIENT, { m: saved[0]!, dy }) as tf.Tensor,
    };
  });
  return fused(m) as tf.Tensor4D;
}

/** The normalised features, and what the gradient needs: local means and deviations, and each image's spread. */
export function contrastKernel(
  side: SideExports,
  { inputs: { x }, attrs, backend }: KernelCall,
): tf.TensorInfo[] {
  const [images, height, width, channels] = x.shape;
  const { window, epsilon, contrastFloor, spreadFloor } = attrs as unknown as ContrastConstants;
  const like = () => backend.makeOutput(x.shape, 'float32');
  const outputs = [like(), like(), like(), backend.makeOutput([images], 'float32')];
  withScratch(backend, side.contrastScratch(width, channels), (scratch) => {
    const numbers = [...window, epsilon, contrastFloor, spreadFloor, scratch];
    side.contrast(...addresses(backend, x, ...outputs), images, height, width, channels, ...numbers);
  });
  return outputs;
}

export function contrastGradientKernel(
  side: SideExports,
  { inputs: { m, mean, deviation, spread, dy }, attrs, backend }: KernelCall,
): tf.TensorInfo {
  const [images, height, width, channels] = m.shape;
  const { window, contrastFloor } = attrs as unknown as ContrastConstants;
  const dx = backend.makeOutput(m.shape, 'float32');
  withScratch(backend, side.contrastScratch(width, channels), (scratch) => {
    const tensors = addresses(backend, m, mean, deviation, spread, dy, dx);
    side.contrastGradient(...tensors, images, height, width, channels, ...window, contrastFloor, scratch);
  });
  return dx;
}

export function naturalKernel(side: SideExports, { inputs: { m }, backend }: KernelCall): tf.TensorInfo {
  const [images, height, width, channels] = m.shape;
  const y = backend.makeOutput([images, 10, 1, channels], 'float32');
  withScratch(backend, side.naturalScratch(height, width, channels), (scratch) => {
    side.naturalStatistics(...addresses(backend, m, y), images, height, width, channels, scratch);
  });
  return y;
}

export function naturalGradientKernel(
  side: SideExports,
  { inputs: { m, dy }, backend }: KernelCall,
): tf.TensorInfo {
  const [images, height, width, channels] = m.shape;
  const dx = backend.makeOutput(m.shape, 'float32');
  withScratch(backend, side.naturalScratch(height, width, channels), (scratch) => {
    side.naturalGradient(...addresses(backend, m, dy, dx), images, height, width, channels, scratch);
  });
  return dx;
}
