/**
 * Measures what V8 holds for the isolate beside WebAssembly's memories, which MEMORY.md sets aside: after the start, and
 * after the largest images, garbage collected. Run as `node packages/edge/scripts/heap.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { picture, pipe } from '../black-box/files.ts';
import { serve } from './workerd.ts';

interface HeapUsage {
  usedSize: number;
  embedderHeapUsedSize: number;
  backingStorageSize: number;
}

const { url, inspector, collect, stop } = await serve({ CACHE_SECONDS: '0' });
try {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://${inspector}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  let calls = 0;
  const call = <T>(method: string) =>
    new Promise<T>((resolve) => {
      const id = ++calls;
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data));
        if (answer.id === id) resolve(answer.result);
      });
      socket.send(JSON.stringify({ id, method }));
    });
  const report = async (when: string) => {
    // The first lets go of what finished requests held, whose array buffers the second frees.
    for (let round = 0; round < 2; round++) {
      await collect();
      await sleep(500);
    }
    const usage = await call<HeapUsage>('Runtime.getHeapUsage');
    const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = usage;
    console.log(
      `${when}: JavaScript's heap ${mebibytes(usedSize + embedderHeapUsedSize)}, array buffers ${mebibytes(backingStorageSize)}`,
    );
  };

  await report('at rest');
  const photograph = pipe(picture(1024, 1024));
  for (const format of ['png', 'jpeg', 'webp'] as const) {
    const body = new Uint8Array(await photograph.clone().toFormat(format).toBuffer());
    for (let run = 0; run < 3; run++) {
      const response = await fetch(`${url}/v1/restore?task=denoise`, { method: 'POST', body });
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
    }
    await report(`after three of a megapixel, ${format}`);
  }
  socket.close();
} finally {
  stop();
}
