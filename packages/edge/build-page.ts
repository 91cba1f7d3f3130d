/**
 * Bundles the page's scripts into public/built, beside the network and the WebAssembly that they fetch. Wrangler runs this
 * before it serves or deploys the Worker: the page needs no command of its own.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

const built = join(import.meta.dirname, 'public/built');

const { outputFiles } = await build({
  entryPoints: {
    page: join(import.meta.dirname, 'page/page.ts'),
    engine: join(import.meta.dirname, 'page/engine.ts'),
    worker: join(import.meta.dirname, 'page/worker.ts'),
  },
  outdir: built,
  publicPath: '/built',
  assetNames: 'assets/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  loader: { '.wasm': 'file', '.safetensors': 'file' },
  bundle: true,
  // The threads share nearly all of their code.
  splitting: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: 'es2024',
  logLevel: 'warning',
});

// Only what changed is written, so that two servers may start at once from one checkout.
const wanted = new Set(outputFiles.map(({ path }) => relative(built, path)));
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  if (!same(path, contents)) writeFileSync(path, contents);
}
for (const file of readdirSync(built, { recursive: true, withFileTypes: true })) {
  const path = join(file.parentPath, file.name);
  if (file.isFile() && !wanted.has(relative(built, path))) rmSync(path, { force: true });
}

function same(path: string, contents: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}
