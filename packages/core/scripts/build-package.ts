/** Builds what npm gets into `dist`: JavaScript and declarations of `src`, and the kernels. Run by `pnpm pack` and `publish`. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import path from 'node:path';
import './build-kernels.ts';

const root = path.join(import.meta.dirname, '..');
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const file of globSync('kernels/*.wasm', { cwd: path.join(root, 'src') }))
  cpSync(path.join(root, 'src', file), path.join(root, 'dist', file));
