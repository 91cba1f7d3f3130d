import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Env } from '../config.ts';
import { encode } from '../image/encode.ts';
import { identity, NO_CACHE, picture, request } from '../testing.ts';

beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

const isolate = { restorerFor: identity };
const get = (path: string, headers: Record<string, string>, env: Env, method = 'GET') =>
  request(isolate, path, { method, headers }, { ...NO_CACHE, ...env });

test('a token is asked for where tokens are configured, and only below /v1', async () => {
  const env = { API_TOKENS: 'first-token-0123456, second-token-012345' };
  const missing = await get('/v1/models', {}, env);
  expect(missing.status).toBe(401);
  expect(missing.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
  expect(await missing.json()).toMatchObject({ type: expect.stringMatching(/#unauthorized$/) });
  for (const authorization of ['Bearer first-token-012345', 'Basic abc', 'Bearer', 'Bearer a b']) {
    expect((await get('/v1/models', { authorization }, env)).status, authorization).toBe(401);
  }
  for (const token of ['first-token-0123456', 'second-token-012345']) {
    expect((await get('/v1/models', { authorization: `Bearer ${token}` }, env)).status).toBe(200);
  }
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
    expect((await get(path, {}, env)).status).toBe(200);
  }
  expect((await get('/v1/models', {}, {})).status).toBe(200);
});

describe('other origins', () => {
  const origin = 'https://app.example';

  test('are let in by name, and may read what the answer says', async () => {
    const env = { CORS_ORIGINS: `${origin}, https://b.example` };
    const response = await get('/v1/models', { origin }, env);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(origin);
    expect(response.headers.get('Access-Control-Expose-Headers')).toContain('X-Pellucid-Model');
    expect(response.headers.get('Vary')).toContain('Origin');
    const other = await get('/v1/models', { origin: 'https://evil.example' }, env);
    expect(other.headers.has('Access-Control-Allow-Origin')).toBe(false);
    const none = await get('/v1/models', { origin }, {});
    expect(none.headers.has('Access-Control-Allow-Origin')).toBe(false);
  });

  test('ask first without a token, and see errors too', async () => {
    const env = { CORS_ORIGINS: origin, API_TOKENS: 'first-token-0123456' };
    const ask = {
      origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    };
    const preflight = await get('/v1/restore', ask, env, 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    const refused = await get('/v1/models', { origin }, env);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('Access-Control-Allow-Origin')).toBe(origin);
  });
});

test('the rate limit that is bound counts by token or address', async () => {
  const keys: string[] = [];
  const RATE_LIMIT = {
    limit: async ({ key }: { key: string }) => ({ success: keys.push(key) <= 2 }),
  };
  const body = await encode(picture(8, 8), 'png');
  const post = (headers: Record<string, string>) =>
    request(
      isolate,
      '/v1/restore?task=denoise',
      { method: 'POST', body, headers },
      { ...NO_CACHE, RATE_LIMIT },
    );
  expect((await post({ 'CF-Connecting-IP': '192.0.2.1' })).status).toBe(200);
  expect((await post({ Authorization: 'Bearer x' })).status).toBe(200);
  const refused = await post({});
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Retry-After')).toBe('60');
  const job = await request(isolate, '/v1/jobs?task=denoise', { method: 'POST' }, { RATE_LIMIT });
  expect(job.status).toBe(429);
  expect(keys).toEqual(['192.0.2.1', 'Bearer x', 'unknown', 'unknown']);
});
