import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { PellucidError } from '@pellucid/core';

const run = promisify(execFile);

/** Where peers are put, outside the project's own dependencies: nobody who does not ask for them downloads them. */
export class PeerCache {
  readonly folder: string;
  /** npm works on one folder at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.folder = path.resolve(folder);
  }

  /**
   * The folder of a package, which is installed from the npm registry if it is not there; no script of it is run.
   *
   * @throws PellucidError `bench/no-peer` where it cannot be had
   */
  async package(name: string, version: string): Promise<string> {
    const installed = this.#queue.then(() => this.#install(name, version));
    this.#queue = installed.catch(() => {});
    return installed;
  }

  async #install(name: string, version: string): Promise<string> {
    // A prefix of its own for each: npm would remove what another call has put there.
    const prefix = path.join(this.folder, `${name}@${version}`.replaceAll('/', '+'));
    const folder = path.join(prefix, 'node_modules', name);
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    console.log(`Installing ${name}@${version} into ${this.folder}`);
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', '--no-save'];
    try {
      await mkdir(prefix, { recursive: true });
      await run('npm', ['install', '--prefix', prefix, ...flags, `${name}@${version}`], { timeout: 300_000 });
    } catch (cause) {
      throw new PellucidError('bench/no-peer', `${name}@${version} cannot be installed from npm.`, { cause });
    }
    return folder;
  }

  /**
   * The file that `import` of an installed package would read.
   *
   * @throws PellucidError `bench/no-peer`
   */
  async entry(name: string, version: string): Promise<string> {
    const folder = await this.package(name, version);
    return createRequire(path.join(folder, 'package.json')).resolve(name);
  }
}
