import type { Raster } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../app.ts';
import type { Env } from '../config.ts';
import { restorerFor } from '../engine.ts';
import { encode } from '../image/encode.ts';
import { context, identity, NO_CACHE, picture, post, request, served } from '../testing.ts';

beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

describe('a result is known by image, model and options', () => {
  test('its ETag is strong, steady, and answers 304 without any work', async () => {
    const body = await encode(picture(20, 20), 'png');
    let restored = 0;
    const counting = served({
      restore: async (image) => {
        restored += 1;
        return image;
      },
    });
    const tag = async (query = '', init: RequestInit = {}, bytes: BodyInit = body) =>
      (await post(bytes, query, init, counting)).headers.get('ETag')!;
    const etag = await tag();
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(await tag()).toBe(etag);
    expect(await tag('&format=png&strength=1&quality=90')).toBe(etag);
    const others = [
      await tag('&strength=0.5'),
      await tag('&quality=91'),
      await tag('', { headers: { Accept: 'image/webp' } }),
      await tag('', {}, await encode(picture(20, 20, 3, 2), 'png')),
    ];
    expect(new Set([etag, ...others]).size).toBe(5);
    restored = 0;
    const known = (value: string) => post(body, '', { headers: { 'If-None-Match': value } }, counting);
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const response = await known(value);
      expect(response.status).toBe(304);
      expect(response.headers.get('ETag')).toBe(etag);
      expect(response.headers.get('Vary')).toContain('Accept');
      expect(await response.text()).toBe('');
    }
    expect(restored).toBe(0);
    expect((await known(others[0]!)).status).toBe(200);
  });

  test('it is cached whole, for whoever sends the same, and errors never are', async () => {
    const pending: Promise<unknown>[] = [];
    const waiting = { ...context, waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
    let restored = 0;
    let failing = true;
    const restore = async (image: Raster) => {
      restored++;
      if (failing) throw new Error('broken');
      return image;
    };
    const app = createApp(served({ restore }));
    const image = picture(33, 21, 3, Date.now() % 1e6);
    const body = await encode(image, 'png');
    const send = async (query = '', env: Env = { CACHE_SECONDS: 60 }, headers = {}) => {
      const init = { method: 'POST', body, headers };
      const answer = await app.fetch(
        new Request(`http://edge/v1/restore?task=denoise${query}`, init),
        env,
        waiting,
      );
      await Promise.allSettled(pending);
      return answer;
    };
    vi.spyOn(console, 'error').mockImplementation(() => {});
    expect((await send()).status).toBe(500);
    failing = false;
    const first = await send('', undefined, { 'X-Request-Id': 'first-request' });
    expect(first.headers.get('X-Pellucid-Cache')).toBe('miss');
    const second = await send('', undefined, { 'X-Request-Id': 'second-request' });
    expect(second.headers.get('X-Pellucid-Cache')).toBe('hit');
    expect(restored).toBe(2);
    for (const name of [
      'Content-Type',
      'ETag',
      'Vary',
      'Cache-Control',
      'X-Pellucid-Model',
      'X-Pellucid-Tiles',
    ]) {
      expect(second.headers.get(name), name).toBe(first.headers.get(name));
    }
    expect(second.headers.get('X-Request-Id')).toBe('second-request');
    expect(await second.bytes()).toEqual(await first.bytes());
    expect((await send('&strength=0.5')).headers.get('X-Pellucid-Cache')).toBe('miss');
    expect((await send('', NO_CACHE)).headers.has('X-Pellucid-Cache')).toBe(false);
    expect(
      (await app.fetch(new Request(`http://edge/cache/${first.headers.get('ETag')}`), {}, waiting)).status,
    ).toBe(404);
  });
});

describe('an end before the end', () => {
  /** A restorer that goes on until it is aborted. */
  const endless = served({
    restore: (_, options) =>
      new Promise((_, reject) =>
        options?.signal?.addEventListener('abort', () => reject(options.signal!.reason)),
      ),
  });

  test('the client hangs up: its work stops, whether it waits or runs, and the next one is served', async () => {
    const client = new AbortController();
    const app = createApp({
      restorerFor: async (task) => (held ? endless.restorerFor(task) : identity(task)),
    });
    let held = true;
    const body = await encode(picture(16, 16), 'png');
    const send = (signal?: AbortSignal) =>
      app.fetch(
        new Request('http://edge/v1/restore?task=denoise', {
          method: 'POST',
          body,
          ...(signal && { signal }),
        }),
        NO_CACHE,
        context,
      );
    const gone = [send(client.signal), send(client.signal), send(client.signal)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    held = false;
    const next = send();
    client.abort();
    for (const answer of gone) expect((await answer).status).toBe(499);
    expect((await next).status).toBe(200);
  });

  test('the time is over', async () => {
    const body = await encode(picture(16, 16), 'png');
    const env = { ...NO_CACHE, DEADLINE_SECONDS: 1 };
    const late = await request(endless, '/v1/restore?task=denoise', { method: 'POST', body }, env);
    expect(late.status).toBe(503);
    expect(late.headers.get('Retry-After')).toBe('10');
    expect(await late.json()).toMatchObject({ type: expect.stringMatching(/#deadline-exceeded$/) });
  });

  test('no tensor is left behind by one that hung up within a tile', async () => {
    const tensors = async () => {
      await restorerFor('denoise');
      return tf.memory().numTensors;
    };
    const before = await tensors();
    const client = new AbortController();
    const answer = post(
      await encode(picture(256, 256), 'png'),
      '',
      { signal: client.signal },
      { restorerFor },
    );
    setTimeout(() => client.abort(), 30);
    expect((await answer).status).toBe(499);
    expect(await tensors()).toBe(before);
  });
});
