import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installNativeEngine } from './install.ts';

/** A machine on which no program is found but those that a test puts into `bin`. */
let folder: string;
const bin = () => path.join(folder, 'bin');
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pellucid-install-'));
  await mkdir(bin());
  vi.stubEnv('PATH', bin());
  vi.stubEnv('CXX', 'g++');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(bin(), name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin(), name), 0o755);
}

/** What the installation of an engine ends with. */
const attempt = (engine: string, libtensorflow?: string) =>
  installNativeEngine(engine, { libtensorflow, folder: path.join(folder, 'engine'), note: () => {} });
const failure = (message: RegExp) => ({
  code: 'engine/install-failed',
  message: expect.stringMatching(message),
});

test('only engines that npm alone does not bring can be installed', async () => {
  await expect(attempt('wasm')).rejects.toMatchObject({ code: 'engine/unknown' });
});

test.runIf(process.platform === 'linux')(
  'each missing tool is named, the cheapest to ask for first',
  async () => {
    await expect(attempt('node')).rejects.toMatchObject(
      failure(/no C\+\+ compiler g\+\+.*apt install g\+\+/),
    );
    await program('g++', 'exit 0');
    await expect(attempt('node')).rejects.toMatchObject(failure(/no pip.*LIBTENSORFLOW_DIR/));
    await expect(attempt('node', folder)).rejects.toMatchObject(
      failure(/no TensorFlow in .*libtensorflow_cc/),
    );
    await program('python3', 'case "$*" in *--version) exit 0 ;; *) exit 1 ;; esac');
    await expect(attempt('node')).rejects.toMatchObject(failure(/npm registry/));
    await program('npm', 'exit 0');
    await expect(attempt('node')).rejects.toMatchObject(failure(/pip did not get tensorflow-cpu==.*PyPI/));
    await expect(attempt('node-gpu')).rejects.toMatchObject(
      failure(/pip did not get tensorflow\[and-cuda\]/),
    );
    await expect(attempt('webgpu')).resolves.toBeUndefined();
  },
);

test.runIf(process.platform === 'linux')(
  'the addon is built against the TensorFlow that was named',
  async () => {
    const tensorflow = path.join(folder, 'tensorflow');
    await mkdir(path.join(tensorflow, 'include', 'tensorflow', 'c'), { recursive: true });
    for (const file of [
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
      'include/tensorflow/c/c_api.h',
    ])
      await writeFile(path.join(tensorflow, file), '');
    const addon = path.join(folder, 'engine', 'node_modules', '@tensorflow', 'tfjs-node');
    await mkdir(addon, { recursive: true });
    await writeFile(path.join(addon, 'package.json'), '{ "binary": { "napi_versions": [3, 8] } }');
    await program('npm', 'exit 0');

    const called = path.join(folder, 'called');
    await program('g++', `echo "$@" > ${called}`);
    await attempt('node', tensorflow);
    const words = await readFile(called, 'utf8');
    expect(words).toContain('-DNAPI_VERSION=8');
    expect(words).toContain(`-o ${path.join(addon, 'lib', 'napi-v8', 'tfjs_binding.node')}`);
    expect(words).toContain('-l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2');
    expect(words).toContain(`-Wl,-rpath,${tensorflow}`);

    await program('g++', 'case "$*" in *--version) exit 0 ;; *) exit 1 ;; esac');
    await expect(attempt('node', tensorflow)).rejects.toMatchObject(failure(/does not compile/));
  },
);
