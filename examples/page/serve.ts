/**
 * Bundles the page and serves it.
 *
 *     node page/serve.ts
 */
import { context } from 'esbuild';

const page = await context({
  entryPoints: [`${import.meta.dirname}/main.ts`],
  outdir: import.meta.dirname,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2024',
  loader: { '.wasm': 'file', '.safetensors': 'file' },
});
const { port } = await page.serve({
  servedir: import.meta.dirname,
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 8000),
});
console.log(`http://127.0.0.1:${port}/`);
