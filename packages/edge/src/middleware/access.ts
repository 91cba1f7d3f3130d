import type { Context, MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import type { AppEnv } from '../config.ts';
import { problem, problemResponse } from '../problem.ts';

/** Lets pages of the configured origins call the service from a browser; without one, no page may. */
export function crossOrigin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const origins = c.get('config').CORS_ORIGINS;
    if (origins.length === 0) return next();
    return cors({
      origin: origins.includes('*') ? '*' : origins,
      allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match', 'X-Request-Id'],
      exposeHeaders: EXPOSED,
      maxAge: 86_400,
    })(c, next);
  };
}

const EXPOSED = [
  'ETag',
  'Location',
  'Retry-After',
  'Server-Timing',
  'X-Pellucid-Cache',
  'X-Pellucid-Model',
  'X-Pellucid-Task',
  'X-Pellucid-Tiles',
  'X-Request-Id',
];

/** Asks for a bearer token (RFC 6750) where tokens are configured, and compares in constant time. */
export function authenticated(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const token = c.get('config').API_TOKENS;
    if (token.length === 0) return next();
    try {
      return await bearerAuth({ token })(c as Context, next);
    } catch (error) {
      if (!(error instanceof HTTPException)) throw error;
      const challenge = error.getResponse().headers.get('WWW-Authenticate') ?? 'Bearer';
      return problemResponse(
        c,
        problem('unauthorized', 'Send a header "Authorization: Bearer TOKEN" with a token of this service.'),
        { 'WWW-Authenticate': challenge },
      );
    }
  };
}

/** Counts the requests of each token, or else of each address, against the rate limit that is bound, if one is. */
export function rateLimited(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const limit = c.env.RATE_LIMIT;
    if (limit && !(await limit.limit({ key: callerOf(c) })).success) {
      throw problem('rate-limited', 'Send fewer requests, and this one again after the time in Retry-After.');
    }
    return next();
  };
}

function callerOf(c: Context<AppEnv>): string {
  return c.req.header('Authorization') ?? c.req.header('CF-Connecting-IP') ?? 'unknown';
}
