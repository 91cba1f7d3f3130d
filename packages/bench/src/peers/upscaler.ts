/** The models of UpscalerJS, which most JavaScript programs that enlarge photographs use, on the engine of the bench. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PellucidError, type Raster } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import type { Candidate } from '../candidate.ts';
import { toFloat } from '../datasets/raster.ts';
import { tensorflowBytes } from '../download.ts';
import type { PeerCache } from './install.ts';

const VERSION = '1.0.0';

interface Listed {
  package: string;
  /** Folder below `models`. */
  model: string;
  scale: number;
  /** What full intensity is to it, in and out. */
  white: 1 | 255;
}

const scales = [2, 3, 4];
const listed: Listed[] = [
  ...['slim', 'medium'].flatMap((size) =>
    scales.map((scale): Listed => ({ package: `esrgan-${size}`, model: `x${scale}`, scale, white: 255 })),
  ),
  { package: 'esrgan-legacy', model: 'psnr-small', scale: 2, white: 1 },
];

/** Those of its models that are made of standard layers; the others need code of its own. */
export function upscalers(cache: PeerCache): Candidate[] {
  return listed.map((entry) => {
    const name = `UpscalerJS ${entry.package} ${entry.model}`;
    const candidate: Candidate = {
      name,
      task: 'sr',
      scale: entry.scale,
      open: async () => {
        const folder = await cache.package(`@upscalerjs/${entry.package}`, VERSION);
        const { model, bytes } = await load(path.join(folder, 'models', entry.model), name);
        candidate.bytes = bytes;
        return {
          restore: async (image) => upscale(model, image, entry),
          dispose: () => void model.dispose(),
        };
      },
    };
    return candidate;
  });
}

async function load(folder: string, name: string): Promise<{ model: LayersModel; bytes: number }> {
  try {
    const topology = path.join(folder, 'model.json');
    const { modelTopology, weightsManifest } = JSON.parse(await readFile(topology, 'utf8'));
    const shards = await Promise.all(
      weightsManifest
        .flatMap(({ paths }: { paths: string[] }) => paths)
        .map((file: string) => readFile(path.join(folder, file))),
    );
    const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
    const weightSpecs = weightsManifest.flatMap(
      ({ weights }: { weights: tf.io.WeightsManifestEntry[] }) => weights,
    );
    const model = await loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
    return { model, bytes: tensorflowBytes() + (await stat(topology)).size + weightData.byteLength };
  } catch (cause) {
    throw new PellucidError('bench/no-peer', `${name} does not load on TensorFlow.js ${tf.version_core}.`, {
      cause,
    });
  }
}

async function upscale(model: LayersModel, image: Raster, { scale, white }: Listed): Promise<Raster> {
  const { width, height } = image;
  const input = toFloat(image).data.map((value) => white * value);
  const output = tf.tidy(() => {
    const enlarged = model.predict(tf.tensor4d(input, [1, height, width, 3])) as tf.Tensor;
    return tf.div(enlarged, white);
  });
  const data = (await output.data()) as Float32Array;
  output.dispose();
  return { width: width * scale, height: height * scale, channels: 3, data };
}
