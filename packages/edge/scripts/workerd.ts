/** Serves the Worker's bundle by workerd alone, without the proxies that `wrangler dev` puts before it. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import workerd from 'workerd';

// The package is CommonJS that exports a path as its default.
const binary = (workerd as unknown as { default: string }).default;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Served {
  url: string;
  port: number;
  /** Where V8's inspector listens. */
  inspector: string;
  pid: number;
  /** Has V8 collect all garbage, for a measurement. */
  collect(): Promise<void>;
  /** What the Worker logged so far, a JSON text a request. */
  log(): string[];
  stop(): void;
}

/** Bundles the Worker as a deployment would, and serves it with these variables and without jobs. */
export async function serve(variables: Record<string, string> = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-workerd-'));
  const wrangler = here('../node_modules/wrangler/bin/wrangler.js');
  const bundled = spawnSync(
    process.execPath,
    [wrangler, 'deploy', '--dry-run', '--minify', '--outdir', folder],
    { cwd: here('..'), env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' }, encoding: 'utf8' },
  );
  if (bundled.status !== 0) throw new Error(bundled.stderr || bundled.stdout);
  return start(folder, variables);
}

/** Serves a Worker that does nothing, to compare with. */
export async function serveEmpty(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-workerd-'));
  writeFileSync(join(folder, 'worker.js'), 'export default { fetch: () => new Response() };');
  return start(folder, {});
}

async function start(folder: string, variables: Record<string, string>): Promise<Served> {
  const port = await freePort();
  const inspector = `127.0.0.1:${await freePort()}`;
  writeFileSync(join(folder, 'config.capnp'), configuration(folder, port, variables));
  const options = ['serve', join(folder, 'config.capnp'), `--inspector-addr=${inspector}`];
  writeFileSync(join(folder, 'main.js'), MAIN);
  const child = spawn(binary, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => lines.push(...String(chunk).split('\n').filter(Boolean)));
  }
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt++) {
    try {
      await (await fetch(`${url}/healthz`)).text();
      break;
    } catch (error) {
      if (attempt === 100) throw new Error(`workerd does not answer: ${lines.join('\n')}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const stop = () => {
    child.kill();
    rmSync(folder, { recursive: true });
  };
  const collect = async () => void (await (await fetch(url + COLLECT)).text());
  return { url, port, inspector, collect, pid: child.pid!, log: () => lines, stop };
}

const COLLECT = '/collect-garbage';

/** The Worker behind one more address. */
const MAIN = `
import worker from './worker.js';
const collected = () => {
  gc();
  return new Response();
};
export default {
  fetch: (request, ...rest) =>
    new URL(request.url).pathname === '${COLLECT}' ? collected() : worker.fetch(request, ...rest),
};`;

function configuration(folder: string, port: number, variables: Record<string, string>): string {
  const { compatibility_date, compatibility_flags } = readConfiguration();
  const kinds: Record<string, string> = { '.wasm': 'wasm', '.safetensors': 'data' };
  const scripts = ['main.js', 'worker.js'].map((file) => `(name = "${file}", esModule = embed "${file}")`);
  const modules = readdirSync(folder)
    .filter((file) => extname(file) in kinds)
    .map((file) => `(name = "./${file}", ${kinds[extname(file)]} = embed "${file}")`);
  const bindings = Object.entries(variables).map(([name, text]) => `(name = "${name}", text = "${text}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ["--expose-gc"],
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${[...scripts, ...modules].join(', ')}],
  compatibilityDate = "${compatibility_date}",
  compatibilityFlags = ${JSON.stringify(compatibility_flags)},
  bindings = [${bindings.join(', ')}]
);
`;
}

/** What workerd must know of wrangler.jsonc. Its comments stand on lines of their own. */
function readConfiguration(): { compatibility_date: string; compatibility_flags: string[] } {
  const text = readFileSync(here('../wrangler.jsonc'), 'utf8');
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
