import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bytes of the WebAssembly that TensorFlow.js runs a network with in a browser; its JavaScript is not counted. */
export function tensorflowBytes(): number {
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  return statSync(path.join(path.dirname(manifest), 'wasm-out/tfjs-backend-wasm-simd.wasm')).size;
}

/** The same with the project's own kernels beside it. */
export function ownEngineBytes(): number {
  const kernels = fileURLToPath(import.meta.resolve('@pellucid/core/kernels/conv.wasm'));
  return tensorflowBytes() + statSync(kernels).size;
}
