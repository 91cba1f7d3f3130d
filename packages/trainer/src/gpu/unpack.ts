import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PellucidError, readSafetensors, writeSafetensors } from '@pellucid/core';
import YAML from 'yaml';
import { writeAtomically } from '../atomic-file.ts';
import { type Manifest, manifestSchema, restorePaths } from './manifest.ts';

const run = promisify(execFile);

/**
 * Brings the runs that `train.sh` packed into a folder of runs, so that `pnpm train --resume` continues them here: the
 * paths in their recipes and checkpoints are again those of the machine that packed the archive.
 *
 * @returns the runs' folders
 * @throws PellucidError `gpu/not-runs` for another file, `run/exists` rather than mix two runs
 */
export async function unpack(archive: string, out: string): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const folder = await mkdtemp(path.join(out, '.unpack-'));
  try {
    const { manifest, names } = await extract(archive, folder);
    const places = names.map((name) => ({ from: path.join(folder, 'runs', name), to: path.join(out, name) }));
    for (const { to } of places) await refuseExisting(to);
    for (const { from } of places) await restoreRun(from, manifest.paths);
    for (const { from, to } of places) await rename(from, to);
    return places.map(({ to }) => to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function extract(archive: string, folder: string): Promise<{ manifest: Manifest; names: string[] }> {
  try {
    // tar itself refuses names that lead out of the folder.
    await run('tar', ['-xzf', archive, '-C', folder]);
    const manifest = manifestSchema.parse(
      JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')),
    );
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    if (entries.some((entry) => !entry.isFile() && !entry.isDirectory())) throw new Error('it holds links');
    return { manifest, names: (await readdir(path.join(folder, 'runs'))).sort() };
  } catch (cause) {
    throw new PellucidError(
      'gpu/not-runs',
      `${archive} is not the whole runs.tar.gz that train.sh writes when it ends.`,
      { cause },
    );
  }
}

async function refuseExisting(folder: string): Promise<void> {
  const taken = await access(folder).then(
    () => true,
    () => false,
  );
  if (taken)
    throw new PellucidError(
      'run/exists',
      `${folder} already holds a run. Move it away, or give another --out.`,
    );
}

async function restoreRun(folder: string, paths: Manifest['paths']): Promise<void> {
  const recipe = path.join(folder, 'recipe.yml');
  const document = YAML.parseDocument(await readFile(recipe, 'utf8'));
  YAML.visit(document, {
    Scalar(key, node) {
      if (key !== 'key') node.value = restorePaths(node.value, paths);
    },
  });
  await writeAtomically(recipe, document.toString());

  const checkpoints = path.join(folder, 'checkpoints');
  const names = await readdir(checkpoints).catch(() => []);
  for (const name of names.filter((name) => name.endsWith('.safetensors'))) {
    const file = path.join(checkpoints, name);
    const { tensors, metadata } = readSafetensors(new Uint8Array(await readFile(file)));
    const restored = JSON.stringify(restorePaths(JSON.parse(metadata.recipe!), paths));
    await writeAtomically(
      file,
      writeSafetensors({ tensors, metadata: { ...metadata, recipe: restored } }, 'F32'),
    );
  }
}
