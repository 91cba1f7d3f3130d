/**
 * Times the released denoiser in workerd, the runtime that serves the Worker: our kernels and the stock ones of
 * TensorFlow.js in turn, on a made-up photograph of 481 x 321. Prints the best of ten and the ratio. Run as
 * `node packages/edge/scripts/bench-workerd.ts`.
 *
 * On Linux it reads the processor time of workerd's threads, which other work on the machine disturbs least; elsewhere
 * it has the Worker's clock.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unstable_startWorker } from 'wrangler';

const WARM_UP = 4;
const REPEATS = 10;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Milliseconds that this process's workerd has computed, or undefined where the system does not say. */
function processorTime(): number | undefined {
  if (!existsSync('/proc/self/schedstat')) return undefined;
  const tasks = (pid: number) => readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
  const nanoseconds = (pid: number): number => {
    let total = 0;
    for (const task of tasks(pid)) {
      if (readFileSync(`${task}/comm`, 'utf8').startsWith('workerd'))
        total += Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]);
      const children = readFileSync(`${task}/children`, 'utf8').split(' ').filter(Boolean);
      for (const child of children) total += nanoseconds(Number(child));
    }
    return total;
  };
  return nanoseconds(process.pid) / 1e6;
}

process.env.CI = '1'; // asks nothing
// Its configuration bundles the page, by a command that runs where the program does.
process.chdir(here('..'));
const worker = await unstable_startWorker({
  config: here('../wrangler.jsonc'),
  entrypoint: here('bench-worker.ts'),
  dev: { inspector: false, server: { port: 0 }, watch: false, logLevel: 'error' },
});

async function restore(kernels: 'ours' | 'stock'): Promise<number> {
  const before = processorTime();
  const response = await worker.fetch(`http://localhost/bench?width=481&height=321&kernels=${kernels}`);
  const { wall } = (await response.json()) as { wall: number };
  return before === undefined ? wall : processorTime()! - before;
}

// V8 compiles WebAssembly quickly at first and well later.
for (let i = 0; i < WARM_UP; i++) await restore('ours');
const best = { ours: Number.POSITIVE_INFINITY, stock: Number.POSITIVE_INFINITY };
for (let i = 0; i < REPEATS; i++)
  for (const kernels of ['stock', 'ours'] as const)
    best[kernels] = Math.min(best[kernels], await restore(kernels));
await worker.dispose();

console.log(
  `481 x 321 in workerd: stock kernels ${best.stock.toFixed(0)} ms, ours ${best.ours.toFixed(0)} ms`,
);
console.log(`ratio ${(best.stock / best.ours).toFixed(2)}`);
