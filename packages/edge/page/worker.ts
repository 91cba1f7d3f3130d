/** A thread beside the engine's: it restores bands of photographs. */
import type { BandAnswer, BandOrder } from './messages.ts';
import { restorerFor } from './restorers.ts';

const thread = self as unknown as {
  onmessage: (event: MessageEvent<BandOrder>) => void;
  postMessage(answer: BandAnswer, transfer?: Transferable[]): void;
};

let current = new AbortController();

thread.onmessage = async ({ data: order }) => {
  if (order === 'stop') return current.abort();
  current = new AbortController();
  const { signal } = current;
  const onProgress = (done: number, total: number) => thread.postMessage({ done, total });
  try {
    const restorer = await restorerFor(order.task);
    const restored = await restorer.restore(order.image, { signal, onProgress });
    thread.postMessage({ restored }, [restored.data.buffer as ArrayBuffer]);
  } catch (error) {
    thread.postMessage({ failed: String(error) });
  }
};
