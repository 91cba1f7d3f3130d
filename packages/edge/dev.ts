/** `pnpm edge`: runs the Worker on this machine, in the runtime that Cloudflare runs. No account and no network needed. */
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defineCommand, runMain } from 'citty';

const here = dirname(fileURLToPath(import.meta.url));
const wrangler = join(here, 'node_modules/wrangler/bin/wrangler.js');

const edge = defineCommand({
  meta: { name: 'pnpm edge', description: 'Serve image restoration on this machine until Ctrl+C.' },
  args: { port: { type: 'string', default: '8787', description: 'Port to listen on.' } },
  async run({ args }) {
    const port = Number(args.port);
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      console.error(`edge: --port must be a number from 1 to 65535, not "${args.port}".`);
      process.exit(1);
    }
    const options = ['--local', '--port', args.port, '--show-interactive-dev-session=false'];
    const child = spawn(process.execPath, [wrangler, 'dev', ...options], {
      cwd: here,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        // The page is bundled by a shell, which must find this Node and no older one.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
        WRANGLER_SEND_METRICS: 'false',
        // Without a terminal nobody can answer a question.
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { CI: '1' }),
      },
    });
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        stopping = true;
        child.kill(signal);
      });
    }
    const exit = new Promise<number>((resolve) => {
      // To be stopped is how it ends well, whatever code wrangler gives it.
      child.on('exit', (code) => resolve(stopping ? 0 : (code ?? 1)));
    });
    for await (const line of createInterface(child.stdout)) {
      console.log(line);
      const address = /Ready on (https?:\/\/[\w.:]+)/.exec(line)?.[1];
      if (address) {
        console.log(
          `\nOpen ${address} in a browser, or restore a photograph (PNG, JPEG or WebP) from here:\n`,
        );
        console.log(`  curl --data-binary @photo.png '${address}/v1/restore?task=denoise' -o restored.png\n`);
        console.log(`Everything else the service does: ${address}/docs\n`);
      }
    }
    process.exitCode = await exit;
  },
});

await runMain(edge);
