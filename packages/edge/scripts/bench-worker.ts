/** The Worker that `bench-workerd.ts` times: it restores one made-up photograph a request, by our kernels or by stock ones. */
import type { Raster } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { restorerFor } from '../src/engine.ts';

// The Worker's configuration, which is used here, names this class.
export { Job } from '../src/jobs/job.ts';

const registered = () => tf.getKernelsForBackend('wasm');

/** Those of the backend as TensorFlow.js ships it, read before the engine starts. */
const stock = registered();
let ours: tf.KernelConfig[] | undefined;

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const [width, height] = [Number(searchParams.get('width')), Number(searchParams.get('height'))];
    const restorer = await restorerFor('denoise');
    ours ??= registered();
    use(searchParams.get('kernels') === 'stock' ? stock : ours);
    const image: Raster = { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
    for (let i = 0; i < image.data.length; i++) image.data[i] = (i * i) % 251;
    const start = performance.now();
    await restorer.restore(image);
    return Response.json({ wall: performance.now() - start });
  },
};

function use(kernels: tf.KernelConfig[]): void {
  // Ours has some that TensorFlow.js has not.
  for (const { kernelName } of registered()) tf.unregisterKernel(kernelName, 'wasm');
  for (const kernel of kernels) tf.registerKernel(kernel);
}
