/**
 * Proves in workerd itself, on real connections, that a client that hangs up stops its restoration, that the line behind
 * it goes on, and that whoever finds the line full hears so while the isolate works. `wrangler dev` cannot show it: its
 * proxies keep the connection. Run as `node packages/edge/scripts/check-hang-up.ts`.
 */
import { randomFillSync } from 'node:crypto';
import { connect } from 'node:net';
import sharp from 'sharp';
import { serve } from './workerd.ts';

const noise = (side: number) =>
  sharp(randomFillSync(Buffer.alloc(side * side * 3)), { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
const [large, small] = await Promise.all([noise(1024), noise(64)]);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const { url, port, log, stop } = await serve({ CACHE_SECONDS: '0', MAX_HELD_BYTES: '104857600' });
const post = async (body: Buffer) => {
  const start = performance.now();
  const response = await fetch(`${url}/v1/restore?task=denoise`, {
    method: 'POST',
    body: new Uint8Array(body),
  });
  const ms = performance.now() - start;
  await response.arrayBuffer();
  return { status: response.status, ms };
};
const hungUp = () => log().filter((line) => line.includes('"code":"client-gone"')).length;

/** Sends an image, and resets the connection after a while, as a browser's network does when its page is left. */
async function hangUp(body: Buffer, ms: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const head = `POST /v1/restore?task=denoise HTTP/1.1\r\nHost: edge\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head);
  socket.write(body);
  await wait(ms);
  socket.resetAndDestroy();
}

const checks: [string, boolean][] = [];
await post(small);

await hangUp(large, 800);
const next = await post(small);
checks.push([`one that runs is stopped; the next is served after ${next.ms.toFixed(0)} ms`, hungUp() === 1]);

const running = post(large);
await wait(300);
const gone = Array.from({ length: 4 }, () => hangUp(small, 1000));
await wait(500);
const refused = await post(small);
checks.push([`a full line is told after ${refused.ms.toFixed(0)} ms (503)`, refused.status === 503]);
await Promise.all(gone);
const behind = await post(small);
checks.push([
  `those that wait are gone (499), and the next is served`,
  behind.status === 200 && hungUp() === 5,
]);
checks.push(['the one that ran meanwhile is served', (await running).status === 200]);
stop();

for (const [what, held] of checks) console.log(`${held ? 'yes' : 'NO '} ${what}`);
if (checks.some(([, held]) => !held)) process.exitCode = 1;
