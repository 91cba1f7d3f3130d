import { SELF } from 'cloudflare:test';
import { psnr, Random } from '@pellucid/core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import documentation from '../ERRORS.md?raw';
import { createApp } from './app.ts';
import { decode } from './image/decode.ts';
import { encode } from './image/encode.ts';
import type { ImageFormat } from './image/header.ts';
import { sniff } from './image/sniff.ts';
import { TASKS } from './models.ts';
import { PROBLEMS } from './problem.ts';
import type { Studio } from './restoration.ts';
import {
  context,
  exif,
  extendedWebp,
  identity,
  jpegHeader,
  jpegWithExif,
  NO_CACHE,
  picture,
  pngFile,
  pngOf,
  request,
} from './testing.ts';

// Refusals are logged as warnings; here they are what is asked for.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

const FORMATS: ImageFormat[] = ['png', 'jpeg', 'webp'];

/** Sends a request to the app around a restorer of the test's own. */
function send(path: string, init?: RequestInit, restorerFor = identity): Promise<Response> {
  return request({ restorerFor }, path, init);
}

const restore = (body: BodyInit, init?: RequestInit) =>
  send('/v1/restore?task=denoise', { method: 'POST', body, ...init });

const read = async (response: Response) => {
  const bytes = await response.bytes();
  return decode(bytes, sniff(bytes));
};

describe('POST /v1/restore', () => {
  test('restores each format with the released model', async () => {
    const image = picture(150, 100, 4);
    for (const format of FORMATS) {
      const body = await encode(image, format);
      const response = await SELF.fetch('http://edge/v1/restore?task=denoise', { method: 'POST', body });
      expect(response.status).toBe(200);
      expect(response.headers.get('Content-Type')).toBe(`image/${format}`);
      expect(response.headers.get('Server-Timing')).toMatch(/^decode;dur=.*,restore;dur=.*,encode;dur=/);
      expect(response.headers.get('X-Pellucid-Model')).toBe('denoise-small');
      expect(response.headers.get('X-Pellucid-Tiles')).toBe('1');
      expect(response.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
      const restored = await read(response);
      expect([restored.width, restored.height, restored.channels]).toEqual([
        150,
        100,
        format === 'jpeg' ? 3 : 4,
      ]);
      if (format === 'png') {
        expect(restored.data.filter((_, i) => i % 4 === 3)).toEqual(image.data.filter((_, i) => i % 4 === 3));
        expect(psnr(restored, image, { channel: 'RGB', crop: 0, round: true })).toBeGreaterThan(25);
      }
    }
  }, 60_000);

  test('gives back a PNG exactly when the network changes nothing, at 8 and 16 bits', async () => {
    const image = picture(70, 90, 4);
    const fine = { ...image, data: Uint16Array.from(image.data, (value) => value * 250) };
    for (const raster of [image, fine])
      expect(await read(await restore(await encode(raster, 'png')))).toEqual(raster);
  });

  test('answers in the format that Accept asks for', async () => {
    const body = await encode(picture(20, 20), 'jpeg');
    for (const format of FORMATS) {
      const response = await restore(body, { headers: { Accept: `image/${format}` } });
      expect(sniff(await response.bytes()).format).toBe(format);
      expect(response.headers.get('Vary')).toBe('Accept');
    }
  });

  test('takes the file of a multipart form', async () => {
    const form = new FormData();
    form.set('file', new File([await encode(picture(20, 20), 'png')], 'a.png'));
    expect(await read(await restore(form))).toEqual(picture(20, 20));
  });

  test('turns the picture upright and drops the orientation', async () => {
    const jpeg = jpegWithExif(await encode(picture(40, 20), 'jpeg'), 6);
    const bytes = await (await restore(jpeg)).bytes();
    expect(sniff(bytes)).toMatchObject({ width: 20, height: 40, orientation: 1 });
  });

  test('lets one work and four wait, and sends the rest away at once', async () => {
    const body = await encode(picture(16, 16), 'png');
    const held = Promise.withResolvers<void>();
    const app = createApp({
      restorerFor: async () => ({
        ...(await identity('denoise')),
        restore: async (image) => held.promise.then(() => image),
      }),
    });
    const post = () =>
      app.fetch(
        new Request('http://edge/v1/restore?task=denoise', { method: 'POST', body }),
        NO_CACHE,
        context,
      );
    const answers = Array.from({ length: 8 }, post);
    const refused = await Promise.all(answers.slice(5));
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    held.resolve();
    expect((await Promise.all(answers.slice(0, 5))).map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect((await post()).status).toBe(200);
  });
});

test('GET /readyz says what is served, or names what is wrong', async () => {
  const ready = await SELF.fetch('http://edge/readyz');
  expect(await ready.json()).toEqual({ status: 'ready', tasks: [...TASKS, 'auto'], jobs: true });
  const error = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const env = { MAX_PIXELS: 'many', API_TOKENS: 'short' };
  for (const path of ['/readyz', '/v1/models']) {
    const response = await request({ restorerFor: identity }, path, {}, env);
    expect(response.status).toBe(503);
    expect(((await response.json()) as { detail: string }).detail).toMatch(/MAX_PIXELS.*API_TOKENS/);
  }
  expect(error.mock.calls.flat().join()).toContain('misconfigured');
  expect((await request({ restorerFor: identity }, '/healthz', {}, env)).status).toBe(200);
  const broken = { restorerFor: identity, startEngine: () => Promise.reject(new Error('no SIMD')) };
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect((await request(broken, '/readyz')).status).toBe(500);
});

test('GET /healthz answers without a model, GET /v1/models lists them', async () => {
  expect(await (await SELF.fetch('http://edge/healthz')).json()).toEqual({ status: 'ok' });
  const { models } = (await (await SELF.fetch('http://edge/v1/models')).json()) as {
    models: { task: string }[];
  };
  const number = expect.any(Number);
  const cost = { parameters: number, macs_per_pixel: number, file_bytes: number };
  const largest = { max_pixels: 1048576, max_side: 4096 };
  expect(models.map(({ task }) => task)).toEqual(TASKS);
  expect(models[0]).toEqual({ task: 'denoise', name: 'denoise-small', enlargement: 1, ...cost, ...largest });
});

describe('problems', () => {
  async function expectProblem(answer: Response | Promise<Response>, code: string, status: number) {
    const response = await answer;
    const document = (await response.json()) as Record<string, unknown>;
    expect(document).toEqual({
      type: expect.stringMatching(new RegExp(`/ERRORS\\.md#${code}$`)),
      title: expect.any(String),
      status,
      detail: expect.stringMatching(/^[A-Z].*\.$/),
      instance: response.headers.get('X-Request-Id'),
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(response.headers.has('Server-Timing')).toBe(false);
    expect(documentation).toContain(`\n## ${code}\n\n${status}. `);
    return { response, detail: String(document.detail) };
  }

  test('of the request', async () => {
    const png = await encode(picture(4, 4), 'png');
    const post = { method: 'POST', body: png };
    const noTask = await expectProblem(send('/v1/restore', post), 'bad-parameter', 400);
    expect(noTask.detail).toContain('denoise');
    await expectProblem(send('/v1/restore?task=fly', post), 'bad-parameter', 400);
    const typo = await expectProblem(send('/v1/restore?task=denoise&qualty=3', post), 'bad-parameter', 400);
    expect(typo.detail).toContain('qualty');
    await expectProblem(send('/v1/nothing'), 'not-found', 404);
    const get = await expectProblem(send('/v1/restore?task=denoise'), 'method-not-allowed', 405);
    expect(get.response.headers.get('Allow')).toBe('POST');
    const put = await expectProblem(send('/healthz', { method: 'PUT' }), 'method-not-allowed', 405);
    expect(put.response.headers.get('Allow')).toBe('GET, HEAD');
    await expectProblem(restore(png, { headers: { Accept: 'image/avif' } }), 'not-acceptable', 406);
  });

  test('of the body', async () => {
    await expectProblem(restore(''), 'empty-body', 400);
    const form = new FormData();
    form.set('picture', new File([new Uint8Array(3)], 'a.png'));
    await expectProblem(restore(form), 'bad-form', 400);
    const broken = { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } };
    await expectProblem(restore('not a form', broken), 'bad-form', 400);
    await expectProblem(restore(new Uint8Array(10 * 1024 * 1024 + 1)), 'body-too-large', 413);
    const chunk = new Uint8Array(1 << 20);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    await expectProblem(restore(endless, { duplex: 'half' } as RequestInit), 'body-too-large', 413);
    const hungUp = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    await expectProblem(restore(hungUp, { duplex: 'half' } as RequestInit), 'body-incomplete', 400);
    await expectProblem(restore('GIF89a..........'), 'unsupported-format', 415);
    const zipped = { headers: { 'Content-Encoding': 'gzip' } };
    await expectProblem(restore(new Uint8Array(9), zipped), 'unsupported-encoding', 415);
  });

  test('of a body that never ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const silent = new ReadableStream({ pull: () => new Promise(() => {}) });
      const answer = restore(silent, { duplex: 'half' } as RequestInit);
      await vi.advanceTimersByTimeAsync(30_000);
      await expectProblem(answer, 'body-timeout', 408);
    } finally {
      vi.useRealTimers();
    }
  });

  test('of the image', async () => {
    const rgb = { bitDepth: 8, colourType: 2 };
    const nothing = new Uint8Array(0);
    for (const [width, height] of [
      [65535, 65535],
      [4294967295, 4294967295],
      [4097, 1],
      [1, 4097],
      [1025, 1024],
    ] as const) {
      await expectProblem(restore(pngOf({ ...rgb, width, height }, nothing)), 'image-too-large', 422);
    }
    const limit = await restore(
      await pngFile({ ...rgb, width: 4096, height: 256 }, new Uint8Array(256 * (4096 * 3 + 1))),
    );
    expect(limit.status).toBe(200);
    await expectProblem(restore(jpegHeader({ width: 60000, height: 60000 })), 'image-too-large', 422);
    await expectProblem(restore(jpegHeader({ components: 4 })), 'image-cmyk', 422);
    await expectProblem(restore(jpegHeader({ scans: 65 })), 'image-too-many-scans', 422);
    await expectProblem(restore(jpegHeader({ marker: 0xc9 })), 'image-variant', 422);
    await expectProblem(restore(jpegHeader({})), 'image-corrupt', 422);
    await expectProblem(restore(pngOf({ ...rgb, width: 4, height: 4 }, nothing)), 'image-corrupt', 422);
    const animated = await pngFile({ ...rgb, width: 1, height: 1 }, new Uint8Array(4), [
      ['acTL', new Uint8Array(8)],
    ]);
    await expectProblem(restore(animated), 'image-animated', 422);
    const webp = await encode(picture(8, 8), 'webp');
    await expectProblem(
      restore(extendedWebp(webp, { width: 8, height: 8, flags: 2 })),
      'image-animated',
      422,
    );
  });

  test('of the service, which says nothing of the reason', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const png = await encode(picture(4, 4), 'png');
    const failing: Studio['restorerFor'] = () => Promise.reject(new Error('secret path /srv/model'));
    const answer = send('/v1/restore?task=denoise', { method: 'POST', body: png }, failing);
    const { detail } = await expectProblem(answer, 'internal', 500);
    expect(detail).not.toContain('secret');
    expect(log.mock.calls.flat().join()).toContain('secret path');
    log.mockRestore();
  });

  test('are documented, each with its status, and no others are', () => {
    const listed = [...documentation.matchAll(/^## (.+)\n\n(\d+)\. /gm)].map(([, code, status]) => [
      code,
      status,
    ]);
    const raised = Object.entries(PROBLEMS).map(([code, { status }]) => [code, String(status)]);
    expect(listed.sort()).toEqual(raised.sort());
  });
});

test('a thousand damaged bodies get typed refusals, and the isolate still restores', async () => {
  const random = new Random(1_000);
  const image = picture(60, 45, 4);
  const good = await Promise.all(FORMATS.map((format) => encode(image, format)));
  const seeds = [
    ...good,
    jpegWithExif(good[1]!, 6),
    extendedWebp(good[2]!, { width: 60, height: 45, flags: 0x10 }, [['EXIF', exif(3)]]),
  ];
  const app = createApp({ restorerFor: identity });
  const started = performance.now();
  const counts: Record<number, number> = {};
  for (let i = 0; i < 1_000; i++) {
    const body = mutate(seeds[random.integer(seeds.length)]!, random);
    const request = new Request('http://edge/v1/restore?task=denoise', { method: 'POST', body });
    const response = await app.fetch(request, NO_CACHE, context);
    counts[response.status] = (counts[response.status] ?? 0) + 1;
    if (response.status !== 200) {
      expect([400, 415, 422], `body ${i}`).toContain(response.status);
      expect(await response.json()).toMatchObject({ type: expect.stringContaining('ERRORS.md#') });
    } else expect(await read(response)).toMatchObject({ channels: expect.any(Number) });
  }
  expect(performance.now() - started).toBeLessThan(60_000);
  expect(counts[422]).toBeGreaterThan(300);
  for (const body of good) {
    expect((await SELF.fetch('http://edge/v1/restore?task=denoise', { method: 'POST', body })).status).toBe(
      200,
    );
  }
}, 90_000);

/** Cuts, overwrites, flips, repeats or invents bytes. */
function mutate(file: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = file.slice();
  const at = () => random.integer(bytes.length);
  switch (random.integer(6)) {
    case 0:
      return bytes.slice(0, at());
    case 1:
      for (let n = 1 + random.integer(8); n > 0; n--) bytes[at()] = random.integer(256);
      return bytes as Uint8Array<ArrayBuffer>;
    case 2:
      bytes[random.integer(Math.min(64, bytes.length))]! ^= 1 << random.integer(8);
      return bytes as Uint8Array<ArrayBuffer>;
    case 3:
      bytes.copyWithin(at(), at(), at());
      return bytes as Uint8Array<ArrayBuffer>;
    case 4:
      bytes.fill(random.integer(256), at());
      return bytes as Uint8Array<ArrayBuffer>;
    default:
      // Behind a good start, noise.
      return bytes.map((byte, i) =>
        i < 12 + random.integer(40) ? byte : random.integer(256),
      ) as Uint8Array<ArrayBuffer>;
  }
}
