import type { Context } from 'hono';

/** A result as it is answered and as it is kept. */
export interface Result {
  file: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  headers: Record<string, string>;
}

/** What is kept beside the file; all else belongs to one answer, or to the cache. */
const KEPT = ['Content-Type', 'X-Pellucid-Task', 'X-Pellucid-Model', 'X-Pellucid-Tiles'];

/** Where the Cache API, which knows GET requests only, finds a result. No route answers there. */
function addressOf(c: Context, key: string): URL {
  return new URL(`/cache/${key}`, c.req.url);
}

/** A result that this data centre still has. */
export async function cachedResult(c: Context, key: string): Promise<Result | undefined> {
  const found = await caches.default.match(addressOf(c, key));
  if (!found?.body) return undefined;
  const kept = KEPT.map((name) => [name, found.headers.get(name)] as const).filter(
    ([, value]) => value !== null,
  );
  return { file: found.body, headers: Object.fromEntries(kept) as Record<string, string> };
}

/** Keeps a result, beside the answer. Results are whole when they get here, and errors never do. */
export function keepResult(c: Context, key: string, { file, headers }: Result, seconds: number): void {
  const copy = new Response(file, { headers: { ...headers, 'Cache-Control': `max-age=${seconds}` } });
  c.executionCtx.waitUntil(caches.default.put(addressOf(c, key), copy).catch(() => {}));
}
