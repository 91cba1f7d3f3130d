import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PellucidError } from '@pellucid/core';
import type { Runtime } from './runtime.ts';
import type { Job, Timing } from './stopwatch.ts';

const require = createRequire(import.meta.url);
const worker = path.join(import.meta.dirname, '../../workerd');

/** The runtime that serves Workers, on this machine, with the Worker's own engine. */
export const workerd: Runtime = {
  async time(file, job) {
    const manifest = require.resolve('wrangler/package.json');
    const script = path.join(path.dirname(manifest), 'bin/wrangler.js');
    const options = ['--local', '--port', '0', '--show-interactive-dev-session=false'];
    const child = spawn(process.execPath, [script, 'dev', ...options], {
      cwd: worker,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' },
    });
    const ended = once(child, 'close');
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        log += text;
      });
    try {
      const address = await Promise.race([ready(child.stdout), ended.then(() => undefined)]);
      if (!address) throw new Error('it did not start');
      const model = await readFile(file);
      // One small picture, on an isolate that has done nothing yet; then the ones that count.
      const start = performance.now();
      await ask(address, model, { width: 64, height: 64, runs: 0 });
      const coldStartMilliseconds = performance.now() - start;
      const timing = await ask(address, model, job);
      return { timing, version: version(), coldStartMilliseconds };
    } catch (cause) {
      throw new PellucidError('bench/no-runtime', 'Timing in workerd failed; --verbose says how.', {
        cause: new Error(log, { cause }),
      });
    } finally {
      child.kill();
      await ended;
    }
  },
};

async function ready(output: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface(output)) {
    const address = /Ready on (https?:\/\/[\w.:]+)/.exec(line)?.[1];
    if (address) return address;
  }
  return undefined;
}

async function ask(address: string, model: Uint8Array<ArrayBuffer>, job: Job): Promise<Timing> {
  const query = new URLSearchParams(Object.entries(job).map(([key, value]) => [key, String(value)]));
  const response = await fetch(`${address}/?${query}`, { method: 'POST', body: model });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Timing;
}

function version(): string {
  const wrangler = createRequire(require.resolve('wrangler/package.json'));
  return `workerd ${wrangler('workerd/package.json').version}`;
}
