/** The thread that restores in the browser; for large photographs it has others beside it. */
import { diagnose, inBands, PellucidError, type Raster, studentFor } from '@pellucid/core';
import { bleed } from '../src/image/bleed.ts';
import type { Answer, Order } from './messages.ts';
import type { OnProgress, Outcome, Phase } from './outcome.ts';
import { restorerFor, students } from './restorers.ts';
import { threadsFor } from './threads.ts';

/** Of a restored picture: what the memory of a browser, and its canvas, can be trusted with. */
const MOST_PIXELS = 2 ** 26;
const MOST_SIDE = 16384;

const thread = self as unknown as {
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage(answer: Answer): void;
};

let current: AbortController | undefined;

thread.onmessage = async ({ data: order }) => {
  if (order === 'stop') return current?.abort();
  current = new AbortController();
  const { signal } = current;
  const { id } = order;
  const onProgress: OnProgress = (doing, share) =>
    thread.postMessage({ id, doing, ...(share !== undefined && { share }) });
  try {
    thread.postMessage({ id, outcome: await restore(order.file, order.task, signal, onProgress) });
  } catch (error) {
    if (signal.aborted) return thread.postMessage({ id, stopped: true });
    console.error(error);
    thread.postMessage({ id, trouble: reason(error) });
  }
};

async function restore(
  file: Blob,
  wanted: string,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<Omit<Outcome, 'milliseconds'>> {
  const phases: Phase[] = [];
  const timed = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await run();
    phases.push({ name, milliseconds: performance.now() - start });
    signal.throwIfAborted();
    return result;
  };
  const photograph = await timed('decode', () => decode(file));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const task =
    wanted === 'auto'
      ? await timed('look', async () => diagnose(photograph, bytes).task)
      : studentFor(wanted, bytes, students);
  if (task === null || !students.includes(task))
    return { image: file, task: null, model: null, tiles: 0, phases };
  onProgress('Fetching the network');
  const restorer = await timed('start', () => restorerFor(task));
  admit(photograph, restorer.enlargement);
  bleed(photograph);
  let tiles = 1;
  const onTile = (done: number, total: number) => {
    tiles = total;
    onProgress('Restoring here', done / total);
  };
  onTile(0, tiles);
  const together = inBands(restorer.model, [restorer, ...threadsFor(photograph, task)]);
  const restored = await timed('restore', () => together.restore(photograph, { signal, onProgress: onTile }));
  const image = await timed('encode', () => encode(restored, file.type));
  return { image, task, model: restorer.model.name, tiles, phases };
}

/** Refuses what would make too large a picture, before it is made. */
function admit({ width, height }: Raster, enlargement: number): void {
  const pixels = Math.floor(MOST_PIXELS / enlargement ** 2);
  const side = Math.floor(MOST_SIDE / enlargement);
  if (width <= side && height <= side && width * height <= pixels) return;
  throw new PellucidError(
    'page/too-large',
    `Shrink the photograph to at most ${(pixels / 1e6).toFixed(1)} megapixels and ${side} on a side; it has ${width} x ${height}.`,
  );
}

class Undecodable extends Error {}

/** The pixels as the file has them, upright, their colour profile not applied: as the server takes them. */
async function decode(file: Blob): Promise<Raster> {
  const bitmap = await createImageBitmap(file, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  }).catch((cause) => {
    throw new Undecodable('', { cause });
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
}

function encode({ width, height, data }: Raster, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new Uint8ClampedArray(data as Uint8ClampedArray<ArrayBuffer>);
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob({ type, quality: 0.9 });
}

function reason(error: unknown): string {
  if (error instanceof PellucidError) return error.message;
  if (error instanceof Undecodable) return 'This browser cannot read the file as an image. Choose another.';
  return 'Restoring failed in this browser. Restore on the server instead.';
}
