/**
 * MAXIM (CVPR 2022) as UpscalerJS packs it for JavaScript: large networks for rain, for the noise of cameras and for blur, with
 * their authors' weights, on the engine of the bench.
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { mirrored, PellucidError, type Raster } from '@pellucid/core';
import { type OpenGraphModel, openGraphModel, readGraphModelTeacher } from '@pellucid/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { Candidate } from '../candidate.ts';
import type { Task } from '../datasets/protocol.ts';
import { toFloat } from '../datasets/raster.ts';
import { tensorflowBytes } from '../download.ts';
import type { PeerCache } from './install.ts';

const VERSION = '0.1.0';

const networks = [
  { package: 'maxim-deraining', task: 'derain' },
  // It learned the noise of telephones' cameras (SIDD), and no other.
  { package: 'maxim-denoising', task: 'denoise', only: ['SIDD', 'CC', 'PolyU'] },
  { package: 'maxim-deblurring', task: 'deblur' },
] as const satisfies { package: string; task: Task; only?: string[] }[];

/** Its networks for the tasks that there are students of. */
export function maxims(cache: PeerCache): Candidate[] {
  return networks.map(({ package: name, ...made }) => {
    const candidate: Candidate = {
      name: `UpscalerJS ${name}`,
      ...made,
      scale: 1,
      open: async () => {
        const folder = path.join(await cache.package(`@upscalerjs/${name}`, VERSION), 'models');
        const { graph, graphModel } = readGraphModelTeacher(path.join(folder, 'model.json'));
        candidate.bytes = tensorflowBytes() + bytesIn(folder);
        const model = openGraphModel(graphModel!);
        return {
          restore: (image) =>
            restore(model, image, graph.alignment).catch((cause: unknown) => {
              const size = `${image.width}x${image.height}`;
              throw new PellucidError('bench/peer-failed', `${candidate.name} fails on ${size} pixels.`, {
                cause,
              });
            }),
          dispose: () => model.dispose(),
        };
      },
    };
    return candidate;
  });
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
}

/** The whole photograph at once, mirrored beyond its last row and column up to the network's alignment. */
async function restore(model: OpenGraphModel, image: Raster, alignment: number): Promise<Raster> {
  const { width, height } = image;
  const along = (length: number) =>
    tf.tensor1d(
      Array.from({ length: alignment * Math.ceil(length / alignment) }, (_, i) => mirrored(i, length)),
      'int32',
    );
  const output = tf.tidy(() => {
    const pixels = tf.tensor3d(toFloat(image).data, [height, width, 3]);
    const padded = tf.gather(tf.gather(pixels, along(height), 0), along(width), 1);
    const restored = model.run(tf.expandDims(padded) as tf.Tensor4D);
    return tf.slice(restored, 0, [1, height, width, 3]);
  });
  const data = (await output.data()) as Float32Array;
  output.dispose();
  return { width, height, channels: 3, data };
}
