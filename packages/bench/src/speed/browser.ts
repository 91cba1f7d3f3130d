import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { PellucidError } from '@pellucid/core';
import { build } from 'esbuild';
import type { Runtime } from './runtime.ts';
import type { Job, Timing } from './stopwatch.ts';

const PATIENCE = 300_000;

/** Chromium or Chrome, without a window, on a page served from this machine. */
export const browser: Runtime = {
  async time(file, job) {
    const executable = findBrowser();
    const { promise: answer, resolve } = Promise.withResolvers<Answer>();
    const server = createServer(serve(await bundle(), file, job, resolve));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const profile = await mkdtemp(path.join(tmpdir(), 'pellucid-browser-'));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const flags = ['--headless=new', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`];
    // Chromium refuses its sandbox to root, which is who runs most containers.
    if (process.getuid?.() === 0) flags.push('--no-sandbox');
    const child = spawn(executable, [...flags, url], { stdio: 'ignore' });
    const ended = once(child, 'close');
    const timer = setTimeout(
      () => resolve({ error: `no answer within ${PATIENCE / 1000} seconds` }),
      PATIENCE,
    );
    try {
      const early = ended.then(([code]): Answer => ({ error: `the browser ended with status ${code}` }));
      const { timing, error } = await Promise.race([answer, early]);
      if (!timing)
        throw new PellucidError('bench/no-runtime', `Timing in ${executable} failed; --verbose says how.`, {
          cause: new Error(error),
        });
      // A page's clock starts with its navigation.
      return { timing, version: version(executable), coldStartMilliseconds: timing.firstRestored };
    } finally {
      clearTimeout(timer);
      child.kill();
      server.close();
      server.closeAllConnections();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};

interface Answer {
  timing?: Timing;
  error?: string;
}

/** The browser of `PELLUCID_BROWSER`, or the first that is installed where distributions put it. */
export function findBrowser(): string {
  const usual = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  const candidates = process.env.PELLUCID_BROWSER ? [process.env.PELLUCID_BROWSER] : [...usual, mac];
  const found = candidates.find((file) => existsSync(file));
  if (!found)
    throw new PellucidError(
      'bench/no-runtime',
      `There is no browser at ${candidates.join(', ')}. Install Chromium, or name one in PELLUCID_BROWSER.`,
    );
  return found;
}

function version(executable: string): string {
  return execFileSync(executable, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .replace(/ built on .*/, '');
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, '../../browser/page.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

function serve(script: string, model: string, job: Job, answer: (answer: Answer) => void) {
  const wasmOut = path.join(
    path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
    'wasm-out',
  );
  const kernels = path.dirname(new URL(import.meta.resolve('@pellucid/core/kernels/conv.wasm')).pathname);
  return async (request: IncomingMessage, response: ServerResponse) => {
    const send = (type: string, body: string | Uint8Array) =>
      void response.writeHead(200, { 'Content-Type': type }).end(body);
    const [, folder, name = ''] = (request.url ?? '').split('/');
    try {
      if (folder === '')
        send(
          'text/html',
          '<!doctype html><title>speed</title><script type="module" src="/page.js"></script>',
        );
      else if (folder === 'page.js') send('text/javascript', script);
      else if (folder === 'job') send('application/json', JSON.stringify(job));
      else if (folder === 'model') send('application/octet-stream', await readFile(model));
      else if (folder === 'wasm')
        send('application/wasm', await readFile(path.join(wasmOut, path.basename(name))));
      else if (folder === 'kernels')
        send('application/wasm', await readFile(path.join(kernels, path.basename(name))));
      else if (folder === 'answer') {
        answer((await json(request)) as Answer);
        send('text/plain', '');
      } else response.writeHead(404).end();
    } catch (error) {
      answer({ error: String(error) });
      response.writeHead(500).end();
    }
  };
}
