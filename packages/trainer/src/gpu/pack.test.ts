import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildNetwork, initialWeights, type NetworkConfig, Random, writeModel } from '@pellucid/core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveOptional } from '../engine/optional.ts';
import { parseRecipe } from '../recipe.ts';
import { pack } from './pack.ts';
import { unpack } from './unpack.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-pack-test-'));
  for (const shade of ['a33', '3a3', '33a'])
    await sharp({ create: { width: 24, height: 20, channels: 3, background: `#${shade}` } })
      .png()
      .toFile(path.join(folder, `${shade}.png`));
});
afterAll(() => rm(folder, { recursive: true }));

const network: NetworkConfig = { kind: 'edge-unet', widths: [8], encoder: [1], decoder: [] };

/** Writes a model and says where. */
async function teacher(name: string): Promise<string> {
  const graph = buildNetwork(network);
  const weights = initialWeights(graph, new Random(name));
  const file = path.join(folder, `${name}.safetensors`);
  await writeFile(file, writeModel({ name, task: 'denoise', network, graph, weights }, 'F32'));
  return file;
}

const recipe = (method = 'method: { kind: scratch }') =>
  parseRecipe(`
name: far
task: denoise
data: { photographs: ${JSON.stringify(folder)}, patch: 8, batch: 2, validation: { count: 1, size: 16 } }
degradation: { kind: gaussian-noise, sigma: 25 }
student: { kind: edge-unet, widths: [8], encoder: [1], decoder: [] }
${method}
optimiser: { warmup: 1 }
steps: 4
`);

const missing = (() => {
  if (process.platform !== 'linux') return 'Linux';
  try {
    return void resolveOptional('webgpu', 'webgpu');
  } catch {
    return '`pnpm engine:native webgpu`';
  }
})();

test.runIf(process.platform === 'linux' && missing !== undefined)(
  'without webgpu it says how to get it',
  async () => {
    await expect(pack(recipe(), path.join(folder, 'far.tar.gz'))).rejects.toMatchObject({
      code: 'gpu/no-webgpu',
      message: expect.stringContaining('engine:native webgpu'),
    });
  },
);

test.skipIf(missing !== undefined)(
  `an archive trains where nothing is installed${missing ? ` (needs ${missing})` : ''}`,
  async () => {
    const archive = path.join(folder, 'far.tar.gz');
    const teachers = JSON.stringify([await teacher('one'), await teacher('two')]);
    const before = await readdir(folder);
    const taught = recipe(`method: { kind: mtkd }\nteachers: ${teachers}\naggregator: mean`);
    expect(await pack(taught, archive)).toBeLessThan(60e6);
    expect((await readdir(folder)).sort()).toEqual([...before, 'far.tar.gz'].sort());

    await run('tar', ['-xzf', archive, '-C', folder]);
    // Its threads are started by name.
    expect(await readdir(path.join(folder, 'pellucid', 'trainer'))).toEqual(
      expect.arrayContaining(['train.mjs', 'worker.mjs', 'drawer.mjs']),
    );
    const bare = { env: { PATH: '/usr/bin:/bin' } };
    const { stdout } = await run(
      path.join(folder, 'pellucid', 'train.sh'),
      ['--engine', 'wasm', '--workers', '2'],
      bare,
    );
    expect(stdout).toMatch(/2 workers/);
    expect(stdout).toMatch(/step 4\/4/);
    const [home] = await unpack(path.join(folder, 'pellucid', 'runs.tar.gz'), path.join(folder, 'runs'));
    expect(await readdir(path.join(home!, 'checkpoints'))).toHaveLength(1);
  },
  600_000,
);
