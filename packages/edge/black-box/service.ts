import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const edge = join(import.meta.dirname, '..');
const wrangler = join(edge, 'node_modules/wrangler/bin/wrangler.js');

const environment = {
  ...process.env,
  // The page is bundled by a shell, which must find this Node and no older one.
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  WRANGLER_SEND_METRICS: 'false',
  CI: '1',
};

/** Bytes that a deployment would upload as the Worker, compressed as Cloudflare counts them. */
export function compressedBytes(): number {
  const folder = mkdtempSync(join(tmpdir(), 'pellucid-bundle-'));
  try {
    const options = ['deploy', '--dry-run', '--minify', '--outdir', folder];
    const output = execFileSync(process.execPath, [wrangler, ...options], {
      cwd: edge,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return 1024 * Number(/gzip: ([\d.]+) KiB/.exec(output)![1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The Worker as `wrangler dev` serves it: a process of its own, seen through HTTP alone. */
export class Service {
  readonly address: string;
  /** The process that runs the Worker; undefined where the system does not tell. */
  readonly workerd: number | undefined;
  readonly stop: () => Promise<void>;

  constructor(address: string, workerd: number | undefined, stop = async () => {}) {
    this.address = address;
    this.workerd = workerd;
    this.stop = stop;
  }

  /**
   * Starts the Worker on a free port.
   * @param folder that holds wrangler.jsonc
   * @param script the Worker to serve instead of the one that wrangler.jsonc names
   */
  static async start(folder = edge, ...script: string[]): Promise<Service> {
    const ports = ['--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'];
    const options = ['--local', '--show-interactive-dev-session=false', ...ports];
    const child = spawn(process.execPath, [wrangler, 'dev', ...script, ...options], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    const ended = once(child, 'close');
    let log = '';
    const keep = (text: Buffer) => {
      log += text;
    };
    child.stderr.on('data', keep);
    child.stdout.on('data', keep);
    const stop = async () => {
      child.kill();
      await ended;
    };
    for await (const line of createInterface(child.stdout)) {
      const address = /Ready on (https?:\/\/[\w.:]+)/.exec(line)?.[1];
      if (!address) continue;
      // A line for each request follows, which nobody reads.
      child.stdout.off('data', keep).resume();
      child.stderr.off('data', keep).resume();
      return new Service(address, workerdOf(child.pid!), stop);
    }
    await stop();
    throw new Error(`wrangler dev did not start:\n${log}`);
  }

  /** Posts a body to be restored. */
  restore(body: BodyInit, init: RequestInit = {}): Promise<Response> {
    const request = { method: 'POST', body, duplex: 'half', ...init } as RequestInit;
    return fetch(`${this.address}/v1/restore?task=denoise`, request);
  }

  /** Bytes of memory that the Worker's process holds, or undefined where the system does not tell. */
  residentBytes(): number | undefined {
    if (this.workerd === undefined) return undefined;
    const status = readFileSync(`/proc/${this.workerd}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  }

  /**
   * Bytes that the process keeps of a request in which nothing of ours happens, or undefined where the system does not
   * tell. A local workerd grows with every request; what this service adds is what a request keeps beyond that.
   */
  async keptByHealthCheck(checks = 500): Promise<number | undefined> {
    const before = this.residentBytes();
    for (let i = 0; i < checks; i++) await (await fetch(`${this.address}/healthz`)).bytes();
    return before && (this.residentBytes()! - before) / checks;
  }

  /** Milliseconds that the Worker's process has computed, which other work on the machine disturbs least. */
  processorMilliseconds(): number | undefined {
    if (this.workerd === undefined) return undefined;
    const tasks = readdirSync(`/proc/${this.workerd}/task`);
    const nanoseconds = tasks.map((task) =>
      Number(readFileSync(`/proc/${this.workerd}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6;
  }
}

/**
 * Among the processes below `pid`, the workerd that runs the Worker. Another stands before it and passes requests on; only
 * the Worker's can be inspected.
 */
function workerdOf(pid: number): number | undefined {
  if (!existsSync('/proc/self/schedstat')) return undefined;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean);
    for (const child of children.map(Number)) {
      const command = readFileSync(`/proc/${child}/cmdline`, 'utf8');
      if (/workerd\0serve.*--inspector-addr/s.test(command)) return child;
      const found = workerdOf(child);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
