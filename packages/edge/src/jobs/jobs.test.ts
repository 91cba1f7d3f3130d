import { env, runDurableObjectAlarm, SELF } from 'cloudflare:test';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../app.ts';
import type { Env } from '../config.ts';
import { Gate } from '../gate.ts';
import { encode } from '../image/encode.ts';
import { sniff } from '../image/sniff.ts';
import type { Studio } from '../restoration.ts';
import { context, identity, picture, request, served } from '../testing.ts';
import type { JobMessage } from './bindings.ts';
import { consume } from './consume.ts';
import type { JobDocument } from './progress.ts';

beforeAll(() => {
  vi.restoreAllMocks();
  for (const level of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(() => {});
});

/** The bindings, with a queue that only notes what it is given, so that a test hands it to the consumer itself. */
function bench(studio: Studio = { restorerFor: identity }, vars: Env = {}) {
  const sent: JobMessage[] = [];
  // The job's own object sends them, through a binding of its own.
  vi.spyOn(Object.getPrototypeOf(env.JOB_QUEUE), 'sendBatch').mockImplementation(async (batch) => {
    sent.push(...[...(batch as Iterable<{ body: JobMessage }>)].map(({ body }) => body));
  });
  const bindings = { ...env, CACHE_SECONDS: 0, ...vars };
  const app = createApp(studio);
  const call = async (path: string, init?: RequestInit) =>
    app.fetch(new Request(`http://edge${path}`, init), bindings, context);
  const create = (body: BodyInit, headers: Record<string, string> = {}, query = 'task=denoise') =>
    call(`/v1/jobs?${query}`, { method: 'POST', body, headers });
  const job = async (id: string) => (await (await call(`/v1/jobs/${id}`)).json()) as JobDocument;
  /** Delivers messages as the platform does, and says what was retried. */
  const deliver = async (messages: JobMessage[], { queue = 'pellucid-jobs', attempts = 1 } = {}) => {
    const retried: { delaySeconds?: number }[] = [];
    let acknowledged = 0;
    await consume(
      {
        queue,
        messages: messages.map((body) => ({
          body,
          attempts,
          ack: () => void acknowledged++,
          retry: (options = {}) => void retried.push(options),
        })),
      },
      bindings,
      studio,
      new Gate(),
    );
    return { acknowledged, retried };
  };
  return { sent, bindings, call, create, job, deliver };
}

/** A form of pictures that no other test sends. */
async function form(...names: string[]): Promise<FormData> {
  const data = new FormData();
  for (const name of names) {
    const image = picture(20, 10, 3, Math.floor(Math.random() * 1e9));
    data.append('file', new File([await encode(image, name.endsWith('jpg') ? 'jpeg' : 'png')], name));
  }
  return data;
}

const filesOf = async (prefix = 'jobs/') => (await env.BUCKET.list({ prefix })).objects.map(({ key }) => key);

test('a job goes through the real queue, and its results can be fetched', async () => {
  const response = await SELF.fetch('http://edge/v1/jobs?task=denoise&format=webp', {
    method: 'POST',
    body: await form('a.png', 'b.jpg'),
  });
  expect(response.status).toBe(202);
  const location = response.headers.get('Location')!;
  const begun = (await response.json()) as JobDocument;
  expect(begun).toMatchObject({ total: 2, done: 0, task: 'denoise' });
  expect(location).toBe(`/v1/jobs/${begun.id}`);
  const ask = async () => (await (await SELF.fetch(`http://edge${location}`)).json()) as JobDocument;
  await vi.waitUntil(async () => (await ask()).status === 'done', { timeout: 20_000, interval: 200 });
  const { images } = await ask();
  expect(images.map(({ name, status, task }) => [name, status, task])).toEqual([
    ['a.png', 'done', 'denoise'],
    ['b.jpg', 'done', 'denoise'],
  ]);
  for (const { result } of images) {
    const file = await SELF.fetch(`http://edge${result}`);
    expect(file.headers.get('Content-Type')).toBe('image/webp');
    const etag = file.headers.get('ETag')!;
    expect(sniff(await file.bytes())).toMatchObject({ format: 'webp', width: 20, height: 10 });
    const again = await SELF.fetch(`http://edge${result}`, { headers: { 'If-None-Match': etag } });
    expect(again.status).toBe(304);
    await again.bytes();
  }
}, 30_000);

afterAll(() => void vi.restoreAllMocks());

describe('one job', () => {
  test('is the same images with the same options; other options are another', async () => {
    const { create, sent } = bench();
    const images = await form('a.png', 'b.png');
    const first = (await (await create(images)).json()) as JobDocument;
    const before = await filesOf();
    const again = await create(images);
    expect(again.status).toBe(200);
    expect(((await again.json()) as JobDocument).id).toBe(first.id);
    expect(sent).toEqual([
      { job: first.id, image: 0 },
      { job: first.id, image: 1 },
    ]);
    // What the second attempt had stored is gone.
    expect(await filesOf()).toEqual(before);
    const other = (await (await create(images, {}, 'task=denoise&strength=0.5')).json()) as JobDocument;
    expect(other.id).not.toBe(first.id);
  });

  test('is what an Idempotency-Key stands for, and nothing else', async () => {
    const { create, sent } = bench();
    const key = { 'Idempotency-Key': crypto.randomUUID() };
    const images = await form('a.png');
    const first = (await (await create(images, key)).json()) as JobDocument;
    expect(((await (await create(images, key)).json()) as JobDocument).id).toBe(first.id);
    const conflict = await create(await form('a.png'), key);
    expect(conflict.status).toBe(422);
    expect(await conflict.json()).toMatchObject({ type: expect.stringMatching(/#idempotency-conflict$/) });
    const stranger = await create(images, { ...key, Authorization: 'Bearer of-another-caller' });
    expect(((await stranger.json()) as JobDocument).id).not.toBe(first.id);
    expect(sent).toHaveLength(2);
  });

  test('may name images below inbox/ in the bucket, and no others', async () => {
    const { create, deliver, sent, job } = bench();
    const name = `${crypto.randomUUID()}.png`;
    await env.BUCKET.put(`inbox/${name}`, await encode(picture(8, 8), 'png'));
    await env.BUCKET.put(`private-${name}`, await encode(picture(8, 8), 'png'));
    const response = await create(JSON.stringify({ keys: [name, `../private-${name}`] }));
    const { id } = (await response.json()) as JobDocument;
    await deliver(sent);
    const { images } = await job(id);
    expect(images.map(({ status }) => status)).toEqual(['done', 'failed']);
    expect(images[1]!.problem!.type).toMatch(/#image-missing$/);
    expect(await env.BUCKET.get(`inbox/${name}`)).not.toBeNull();
  });
});

describe('an image of a job', () => {
  test('that cannot be restored says why, and the others are restored', async () => {
    const { create, deliver, sent, job, call } = bench();
    const images = await form('good.png');
    images.append('file', new File(['no image'], 'bad.png'));
    images.append('file', new File([(await encode(picture(30, 30), 'jpeg')).subarray(0, 300)], 'cut.jpg'));
    const { id } = (await (await create(images)).json()) as JobDocument;
    expect(await deliver(sent)).toEqual({ acknowledged: 3, retried: [] });
    const document = await job(id);
    expect(document).toMatchObject({ status: 'done', done: 1, failed: 2 });
    expect(document.images[1]!.problem!.type).toMatch(/#unsupported-format$/);
    expect(document.images[2]!.problem!.type).toMatch(/#image-corrupt$/);
    for (const image of ['1', '9', 'x'])
      expect((await call(`/v1/jobs/${id}/images/${image}`)).status).toBe(404);
  });

  test('is restored once, however often its message is delivered', async () => {
    let restored = 0;
    const counting = served({
      restore: async (image) => {
        restored += 1;
        return image;
      },
    });
    const { create, deliver, sent } = bench(counting);
    await create(await form('a.png'));
    await deliver(sent);
    expect(await deliver([...sent, ...sent])).toMatchObject({ acknowledged: 2 });
    expect(restored).toBe(1);
  });

  test('is tried again, ever later, when the service fails, and given up when it is dead', async () => {
    let broken = true;
    const failing: Studio = {
      restorerFor: (task) => (broken ? Promise.reject(new Error('secret')) : identity(task)),
    };
    const { create, deliver, sent, job } = bench(failing);
    const { id } = (await (await create(await form('a.png', 'b.png'))).json()) as JobDocument;
    expect((await deliver([sent[0]!])).retried).toEqual([{ delaySeconds: 10 }]);
    expect((await deliver([sent[0]!], { attempts: 3 })).retried).toEqual([{ delaySeconds: 40 }]);
    expect((await job(id)).images[0]!.status).toBe('running');
    expect(await deliver([sent[1]!], { queue: 'pellucid-jobs-dead' })).toMatchObject({ acknowledged: 1 });
    broken = false;
    await deliver([sent[0]!]);
    const { images } = await job(id);
    expect(images.map(({ status }) => status)).toEqual(['done', 'failed']);
    expect(images[1]!.problem!.type).toMatch(/#internal$/);
    expect(JSON.stringify(images)).not.toContain('secret');
  });
});

test('a cancelled job restores nothing more, and begins anew when it is sent again', async () => {
  const { create, deliver, sent, job, call } = bench();
  const images = await form('a.png', 'b.png', 'c.png');
  const { id } = (await (await create(images)).json()) as JobDocument;
  await deliver([sent[0]!]);
  const cancelled = (await (await call(`/v1/jobs/${id}`, { method: 'DELETE' })).json()) as JobDocument;
  expect(cancelled.status).toBe('cancelled');
  await deliver(sent);
  expect((await job(id)).images.map(({ status }) => status)).toEqual(['done', 'cancelled', 'cancelled']);
  expect((await call(`/v1/jobs/${id}/images/0`)).status).toBe(200);
  expect((await create(images)).status).toBe(202);
  expect((await job(id)).images.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
});

test('a result that comes after the job was cancelled is not kept', async () => {
  const { create, deliver, sent, call, bindings } = bench(
    served({
      restore: async (image) => {
        await call(`/v1/jobs/${id}`, { method: 'DELETE' });
        return image;
      },
    }),
  );
  const { id } = (await (await create(await form('a.png'))).json()) as JobDocument;
  const before = await filesOf();
  await deliver(sent);
  expect(await filesOf()).toEqual(before);
  expect(await bindings.JOBS.getByName(id).result(0)).toBeNull();
});

test('a job expires with its files, and leaves those of others', async () => {
  const { create, deliver, sent, call } = bench();
  const mine = (await (await create(await form('a.png', 'b.png'))).json()) as JobDocument;
  expect(Date.parse(mine.expires) - Date.parse(mine.created)).toBe(24 * 3_600_000);
  await deliver(sent);
  const files = await filesOf();
  const { id } = (await (await create(await form('c.png'))).json()) as JobDocument;
  expect(await runDurableObjectAlarm(env.JOBS.getByName(mine.id))).toBe(true);
  expect((await call(`/v1/jobs/${mine.id}`)).status).toBe(404);
  expect((await call(`/v1/jobs/${mine.id}/images/0`)).status).toBe(404);
  expect((await call(`/v1/jobs/${id}`)).status).toBe(200);
  // Two that came in, two that went out; and the other job's one is new.
  expect(await filesOf()).toHaveLength(files.length - 4 + 1);
  // A message that comes late does nothing.
  expect(await deliver(sent.slice(0, 1))).toMatchObject({ acknowledged: 1 });
});

describe('a job is refused', () => {
  const code = async (response: Response) => {
    const { type } = (await response.json()) as { type: string };
    return [response.status, type.split('#')[1]];
  };

  test('and nothing of it stays', async () => {
    const { create, sent } = bench({ restorerFor: identity }, { MAX_JOB_IMAGES: 2, MAX_BODY_BYTES: 5000 });
    const before = await filesOf();
    expect(await code(await create(await form('a.png', 'b.png', 'c.png')))).toEqual([413, 'too-many-images']);
    const large = await form('a.png');
    large.append('file', new File([new Uint8Array(5001)], 'b.png'));
    expect(await code(await create(large))).toEqual([413, 'body-too-large']);
    expect(await code(await create(new FormData()))).toEqual([400, 'bad-form']);
    expect(await code(await create('{"keys":[]}'))).toEqual([400, 'bad-json']);
    expect(await code(await create('{"keys":["a"],"x":1}'))).toEqual([400, 'bad-json']);
    expect(await code(await create('keys'))).toEqual([400, 'bad-json']);
    expect(await code(await create('{"keys":["a","b","c"]}'))).toEqual([413, 'too-many-images']);
    expect(await code(await create('{"keys":["a"]}', {}, 'task=fly'))).toEqual([400, 'bad-parameter']);
    expect(await filesOf()).toEqual(before);
    expect(sent).toEqual([]);
  });

  test('when the queue takes nothing, and begins when it does again', async () => {
    const { create, sent } = bench();
    const before = await filesOf();
    const images = await form('a.png');
    const queue = vi.spyOn(Object.getPrototypeOf(env.JOB_QUEUE), 'sendBatch');
    queue.mockImplementationOnce(() => Promise.reject(new Error('no queue')));
    expect((await create(images)).status).toBe(500);
    expect(await filesOf()).toEqual(before);
    expect((await create(images)).status).toBe(202);
    expect(sent).toHaveLength(1);
  });

  test('where the deployment has none', async () => {
    for (const [path, method] of [
      ['/v1/jobs?task=denoise', 'POST'],
      ['/v1/jobs/x', 'GET'],
      ['/v1/jobs/x', 'DELETE'],
      ['/v1/jobs/x/images/0', 'GET'],
    ] as const) {
      expect(await code(await request({ restorerFor: identity }, path, { method }))).toEqual([
        501,
        'jobs-not-configured',
      ]);
    }
  });

  test('where there is no such job', async () => {
    const { call } = bench();
    expect(await code(await call('/v1/jobs/none'))).toEqual([404, 'job-not-found']);
    expect(await code(await call('/v1/jobs/none', { method: 'DELETE' }))).toEqual([404, 'job-not-found']);
  });
});
