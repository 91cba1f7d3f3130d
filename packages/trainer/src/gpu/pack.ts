import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PellucidError } from '@pellucid/core';
import { resolveOptional } from '../engine/optional.ts';
import { isImageFile } from '../image-file.ts';
import { formatRecipe, type Recipe } from '../recipe.ts';
import { bundleTrainer } from './bundle.ts';
import { INPUTS, type Manifest, packedPath } from './manifest.ts';

const run = promisify(execFile);

/** What a machine at the other end of a thin line can be sent, in bytes. */
const LARGEST = 60e6;

/** A library that GPU drivers do not always bring, and where systems keep it. */
const vulkanLoaders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
].map((folder) => path.join(folder, 'libvulkan.so.1'));

/**
 * Writes an archive that trains a recipe on a bare Linux machine: its Node, the trainer in one file, the engines wasm
 * and webgpu, the models and the photographs that the recipe names, and `train.sh`, which needs sh and tar alone.
 *
 * @param archive `.tar.xz`, or `.tar.gz` for a machine without xz, which is half as large again
 * @returns the archive's size in bytes
 * @throws PellucidError `gpu/not-linux`, `gpu/no-webgpu`, `gpu/no-input`, `gpu/too-large`, `gpu/not-packed`
 */
export async function pack(recipe: Recipe, archive: string): Promise<number> {
  if (process.platform !== 'linux')
    throw new PellucidError(
      'gpu/not-linux',
      "The archive carries this machine's Node, so it is packed on Linux.",
    );
  const webgpu = findWebgpu();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-pack-'));
  const root = path.join(folder, 'pellucid');
  try {
    await fill(root, recipe, webgpu);
    refuseTooLarge(await bytesIn(path.join(root, INPUTS)));
    const unfinished = path.join(folder, path.basename(archive));
    await compress(folder, unfinished);
    const { size } = await stat(unfinished);
    refuseTooLarge(size);
    await mkdir(path.dirname(archive), { recursive: true });
    // A rename may not cross from one file system to another.
    await copyFile(unfinished, `${archive}.unfinished`);
    await rename(`${archive}.unfinished`, archive);
    return size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuseTooLarge(size: number): void {
  if (size <= LARGEST) return;
  throw new PellucidError(
    'gpu/too-large',
    `The archive would be ${(size / 1e6).toFixed(0)} MB, above ${LARGEST / 1e6}: give fewer photographs with --data, or a name that ends in .tar.xz.`,
  );
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(entries.map(async (entry) => (await stat(path.join(folder, entry))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function fill(root: string, recipe: Recipe, webgpu: string): Promise<void> {
  const trainer = path.join(root, 'trainer');
  await bundleTrainer(trainer);
  await copyEngines(trainer, webgpu);
  await copyWithDependencies('sharp', import.meta.url, path.join(trainer, 'node_modules'));
  await copyNode(path.join(root, 'node'));
  await Promise.allSettled(vulkanLoaders.map((file) => copyInto(path.join(root, 'lib'), file)));

  const { packed, manifest } = await copyInputs(root, recipe);
  await writeFile(path.join(root, 'recipe.yml'), formatRecipe(packed));
  await writeFile(path.join(root, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(path.join(root, 'train.sh'), await readFile(new URL('./train.sh', import.meta.url)));
  await chmod(path.join(root, 'train.sh'), 0o755);
}

/** The models and photographs, and the recipe that finds them in the archive. */
async function copyInputs(root: string, recipe: Recipe): Promise<{ packed: Recipe; manifest: Manifest }> {
  const packed = structuredClone(recipe);
  const manifest: Manifest = { format: 'pellucid-pack/1', paths: {} };
  const take = async (name: string, original: string, filter: (file: string) => boolean) => {
    const place = packedPath(name);
    await stat(original).catch((cause) => {
      throw new PellucidError('gpu/no-input', `There is nothing at ${original}, which the recipe names.`, {
        cause,
      });
    });
    await cp(original, path.join(root, place), {
      recursive: true,
      dereference: true,
      filter: async (file) => filter(file) || (await stat(file)).isDirectory(),
    });
    manifest.paths[place] = original;
    return place;
  };
  const isModel = (file: string) => file.endsWith('.safetensors');
  if (recipe.teacher !== undefined) packed.teacher = await take('teacher', recipe.teacher, isModel);
  if (recipe.teachers !== undefined)
    packed.teachers = await Promise.all(
      recipe.teachers.map((teacher, index) => take(`teacher-${index}`, teacher, isModel)),
    );
  if (recipe.aggregator !== undefined && recipe.aggregator !== 'mean')
    packed.aggregator = await take('aggregator', recipe.aggregator, isModel);
  if (packed.method.kind === 'slkd' && packed.method.teacherB !== 'same')
    packed.method.teacherB = await take('teacher-b', packed.method.teacherB, isModel);
  if (recipe.student.init !== undefined)
    packed.student.init = await take('init', recipe.student.init, isModel);
  if (recipe.data.photographs !== 'procedural')
    packed.data.photographs = await take('photographs', recipe.data.photographs, isImageFile);
  return { packed, manifest };
}

/** What the engines wasm and webgpu look for beside the trainer at run time. */
async function copyEngines(trainer: string, webgpu: string): Promise<void> {
  const modules = path.join(trainer, 'node_modules');
  const wasm = path.dirname(
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'),
  );
  const wasmTarget = path.join(modules, '@tensorflow', 'tfjs-backend-wasm');
  await copyInto(wasmTarget, path.join(wasm, 'package.json'));
  const binaries = [
    'tfjs-backend-wasm.wasm',
    'tfjs-backend-wasm-simd.wasm',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ];
  for (const file of binaries)
    await copyInto(path.join(wasmTarget, 'wasm-out'), path.join(wasm, 'wasm-out', file));

  const core = fileURLToPath(new URL('../../../core/', import.meta.url));
  const coreTarget = path.join(modules, '@pellucid', 'core');
  await copyInto(coreTarget, path.join(core, 'package.json'));
  for (const file of ['conv.wasm', 'conv-relaxed.wasm', 'conv-joined.wasm'])
    await copyInto(path.join(coreTarget, 'src', 'kernels'), path.join(core, 'src', 'kernels', file));

  const platform = `linux-${process.arch}`;
  for (const file of ['package.json', 'index.js'])
    await copyInto(path.join(modules, 'webgpu'), path.join(webgpu, file));
  await copyInto(
    path.join(modules, 'webgpu', 'dist', platform),
    path.join(webgpu, 'dist', platform, 'dawn.node'),
  );
}

/** The folder of the package that holds Dawn. */
function findWebgpu(): string {
  try {
    return path.dirname(resolveOptional('webgpu', 'webgpu'));
  } catch (cause) {
    throw new PellucidError(
      'gpu/no-webgpu',
      'The engine webgpu, which the archive carries, is not installed here: `npx -y pnpm@12 engine:native webgpu` gets it.',
      { cause },
    );
  }
}

/** A package and all that it depends on and that is installed here, each directly in `modules`. */
async function copyWithDependencies(name: string, from: string | URL, modules: string): Promise<void> {
  const manifest = findManifest(name, from);
  // A dependency for another platform is not there.
  if (manifest === undefined) return;
  const target = path.join(modules, name);
  if (await exists(target)) return;
  await cp(path.dirname(manifest), target, {
    recursive: true,
    filter: (file) => path.basename(file) !== 'node_modules',
  });
  const { dependencies, optionalDependencies } = JSON.parse(await readFile(manifest, 'utf8'));
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies }))
    await copyWithDependencies(needed, manifest, modules);
}

function findManifest(name: string, from: string | URL): string | undefined {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    try {
      return createRequire(from).resolve(path.join(folder, name, 'package.json'));
    } catch {}
  }
  return undefined;
}

/** Without its symbols, where `strip` is there to take them out: a seventh smaller. */
async function copyNode(target: string): Promise<void> {
  await copyFile(process.execPath, target);
  await run('strip', [target]).catch(() => {});
  await chmod(target, 0o755);
}

async function copyInto(folder: string, file: string): Promise<void> {
  await stat(file);
  await mkdir(folder, { recursive: true });
  await copyFile(file, path.join(folder, path.basename(file)));
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function compress(folder: string, archive: string): Promise<void> {
  const flag = archive.endsWith('.tar.gz') ? '-czf' : '-cJf';
  const env = { ...process.env, GZIP: '-9', XZ_OPT: '-6 -T0' };
  try {
    await run('tar', [flag, archive, '-C', folder, 'pellucid'], { env });
  } catch (cause) {
    throw new PellucidError(
      'gpu/not-packed',
      `tar did not write ${path.basename(archive)}: is there space for it, and xz? A name that ends in .tar.gz needs none.`,
      { cause },
    );
  }
}
