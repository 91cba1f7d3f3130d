import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { resolveOptional } from '../engine/optional.ts';

const source = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/** What TensorFlow.js, which is CommonJS in Node, expects to find in every file. */
const commonJsNames = `
import { createRequire as _createRequire } from 'node:module';
const require = _createRequire(import.meta.url);
const { dirname: __dirname, filename: __filename } = import.meta;
`;

/**
 * Writes `train.mjs` and the threads' `worker.mjs` and `drawer.mjs`, which hold the trainer and everything it imports but for native libraries, and
 * the WebGPU backend as the package that the engine will look for.
 */
export async function bundleTrainer(folder: string): Promise<void> {
  const shared = {
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    logLevel: 'error',
  } as const;
  await build({
    ...shared,
    entryPoints: {
      train: source('cli/train.ts'),
      worker: source('gradients/worker.ts'),
      drawer: source('data/drawer.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    external: ['sharp'],
    banner: { js: commonJsNames },
  });
  const backend = '@tensorflow/tfjs-backend-webgpu';
  await build({
    ...shared,
    entryPoints: [resolveOptional('webgpu', backend)],
    outfile: path.join(folder, 'node_modules', backend, 'index.js'),
    format: 'cjs',
  });
}
