/**
 * The gradients of filters on WebGPU, composed of products and sums. The backend's own run one thread for each weight,
 * which walks through the whole batch alone: some thousand threads where a GPU wants a hundred thousand.
 */
import { convInfo, depthwiseFilterGradient, forEachTap } from '@pellucid/core/kernels';
import * as tf from '@tensorflow/tfjs-core';

export function installWebgpuKernels(): void {
  replace(tf.Conv2DBackpropFilter, filterGradient);
  replace(tf.DepthwiseConv2dNativeBackpropFilter, (x, dy, filterShape, attrs) =>
    depthwiseFilterGradient(x, dy, convInfo(x.shape, filterShape, attrs, true)),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as TensorFlow.js has it
type Gradient = (x: tf.Tensor4D, dy: tf.Tensor4D, filterShape: number[], attrs: any) => tf.Tensor;

function replace(kernelName: string, gradient: Gradient): void {
  if (tf.getKernel(kernelName, 'webgpu')) tf.unregisterKernel(kernelName, 'webgpu');
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      return tf.tidy(() => gradient(x, dy, (attrs as { filterShape: number[] }).filterShape, attrs));
    },
  });
}

/**
 * x^T dy for every tap of the filter, a product for each row of each image and then the sum over rows: as many
 * workgroups as there are rows, and, unlike TensorFlow.js' split of one long product, the same sum in the same order
 * every time.
 */
function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: number[],
  attrs: Parameters<Gradient>[3],
): tf.Tensor {
  const info = convInfo(x.shape, filterShape, attrs);
  const { batchSize, outHeight, outWidth, inChannels, outChannels } = info;
  const rows = tf.reshape(dy, [batchSize * outHeight, outWidth, outChannels]);
  const taps: tf.Tensor[] = [];
  forEachTap(x, info, 0, (seen) => {
    const columns = tf.reshape(seen, [batchSize * outHeight, outWidth, inChannels]);
    taps.push(tf.sum(tf.matMul(columns, rows, true), 0));
  });
  return tf.reshape(tf.stack(taps), info.filterShape);
}
