/** Attention in windows as one kernel: no map of logits, which are many times as large as what they are made of. */
import * as tf from '@tensorflow/tfjs-core';
import { addresses, type KernelCall } from './convolution.ts';
import { type SideExports, withScratch } from './side-module.ts';

export const WINDOW_ATTENTION = 'PellucidWindowAttention';
export const WINDOW_ATTENTION_GRADIENT = 'PellucidWindowAttentionGradient';

/**
 * softmax(q k^T / sqrt(d) + bias - 100 where regions differ) v for each head, of d channels, among the positions of each
 * aligned window of window x window positions (Liu et al. 2021, equation 4). Undefined where the side module is not
 * installed; differentiable where it is.
 *
 * @param qkv [n, h, w, 3 * heads * d], queries, keys and values, each head's together
 * @param table [(2 window - 1)^2, heads], the bias of each relative position, query less key
 * @param regions [windows of an image, window^2], the region in which each position lies; all in one unless given
 * @returns [n, h, w, heads * d]
 */
export function windowAttention(
  qkv: tf.Tensor4D,
  table: tf.Tensor,
  regions: tf.Tensor2D | undefined,
  window: number,
): tf.Tensor4D | undefined {
  if (!tf.getKernel(WINDOW_ATTENTION, tf.getBackend())) return undefined;
  const apart: tf.NamedTensorMap = regions ? { regions } : {};
  const fused = tf.customGrad((...args) => {
    const [qkv, table, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([qkv, table, ...Object.values(apart)]);
    return {
      value: tf.engine().runKernel(WINDOW_ATTENTION, { qkv, table, ...apart }, { window }) as tf.Tensor,
      gradFunc(dy: tf.Tensor, saved: tf.Tensor[]) {
        const [qkv, table, regions] = saved as [tf.Tensor, tf.Tensor, tf.Tensor?];
        const inputs: tf.NamedTensorMap = { qkv, table, dy, ...(regions ? { regions } : {}) };
        return tf.engine().runKernel(WINDOW_ATTENTION_GRADIENT, inputs, { window }) as tf.Tensor[];
      },
    };
  });
  return fused(qkv, table) as tf.Tensor4D;
}

export function windowAttentionKernel(
  side: SideExports,
  { inputs: { qkv, table, regions }, attrs: { window }, backend }: KernelCall,
): tf.TensorInfo {
  const [batch, height, width, channels] = qkv.shape;
  const heads = table.shape[1];
  const y = backend.makeOutput([batch, height, width, channels / 3], 'float32');
  const depth = channels / 3 / heads;
  withScratch(backend, side.windowAttentionScratch(window * window, heads, depth), (scratch) => {
    side.windowAttention(
      ...addresses(backend, qkv, table, regions, y),
      ...[batch, height, width, window, heads, depth, scratch],
    );
  });
  return y;
}

/** The gradients to queries, keys and values, and to the table. */
export function windowAttentionGradientKernel(
  side: SideExports,
  { inputs: { qkv, table, regions, dy }, attrs: { window }, backend }: KernelCall,
): tf.TensorInfo[] {
  const [batch, height, width, channels] = dy.shape;
  const heads = table.shape[1];
  const gradients = [qkv, table].map(({ shape }) => backend.makeOutput(shape, 'float32'));
  const depth = channels / heads;
  withScratch(backend, side.windowAttentionGradientScratch(window * window, heads, depth), (scratch) => {
    side.windowAttentionGradient(
      ...addresses(backend, qkv, table, regions, dy, ...gradients),
      ...[batch, height, width, window, heads, depth, scratch],
    );
  });
  return gradients;
}
