import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** npm packages of an engine that no install of this project brings by itself. */
export const optionalPackages = {
  node: ['@tensorflow/tfjs-node@4.22.0'],
  'node-gpu': ['@tensorflow/tfjs-node-gpu@4.22.0'],
  // 132 MB, since it carries Dawn for five platforms: too much for every fresh clone.
  webgpu: ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'],
};

export type OptionalEngine = keyof typeof optionalPackages;

/** Where `pnpm engine:native` installs an engine: beside the other packages, but out of pnpm's hands. */
export function engineFolder(engine: OptionalEngine): string {
  return fileURLToPath(new URL(`../../../../node_modules/.engines/${engine}`, import.meta.url));
}

/**
 * The file that importing a package would load, looked for first among the project's own packages and then where
 * `pnpm engine:native` installs.
 *
 * @throws the error of Node's own search where it is in neither
 */
export function resolveOptional(engine: OptionalEngine, packageName: string): string {
  try {
    return createRequire(import.meta.url).resolve(packageName);
  } catch {
    return createRequire(path.join(engineFolder(engine), 'package.json')).resolve(packageName);
  }
}

export function importOptional<T>(engine: OptionalEngine, packageName: string): Promise<T> {
  return import(pathToFileURL(resolveOptional(engine, packageName)).href);
}
