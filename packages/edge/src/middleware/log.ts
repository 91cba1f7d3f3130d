import type { Context, MiddlewareHandler } from 'hono';

/**
 * One JSON line a request: what was asked and how it ended, never what the image shows, how its file is called, nor
 * the query or a token. What a route finds worth knowing it adds by `note`.
 */
export function log(): MiddlewareHandler {
  return async (c, next) => {
    const start = Date.now();
    await next();
    const { status } = c.res;
    const level = status >= 500 && status !== 503 ? 'error' : status >= 400 ? 'warn' : 'log';
    const { method, path } = c.req;
    const facts = { request_id: c.get('requestId'), method, path, status, ms: Date.now() - start };
    console[level](JSON.stringify({ ...facts, ...c.get('facts') }));
  };
}

/** Adds facts to the request's line. */
export function note(c: Context, facts: Record<string, unknown>): void {
  c.set('facts', { ...c.get('facts'), ...facts });
}
