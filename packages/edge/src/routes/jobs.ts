import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { AppEnv, Env } from '../config.ts';
import { type Gate, placesOf } from '../gate.ts';
import type { JobBindings } from '../jobs/bindings.ts';
import { deleteAll, type JobSpec } from '../jobs/job.ts';
import { note } from '../middleware/log.ts';
import { sha256 } from '../models.ts';
import { operations } from '../openapi.ts';
import { problem } from '../problem.ts';
import { fileParts, isForm, readBody } from './body.ts';
import { type RestoreOptions, restoreOptions } from './options.ts';

/** Where a job may take images from that lie in the bucket already: what else is there is nobody's to ask for. */
const INBOX = 'inbox/';

const keysBody = z.strictObject({
  keys: z.array(z.string().min(1).max(900)).min(1, 'keys must name at least one image'),
});

type Images = { name: string; key: string; hash: string }[];

/** `/v1/jobs`: many images, restored by a queue, with progress to ask for. */
export function jobRoutes(gate: Gate, auto: boolean): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.post('/', operations.createJob, restoreOptions(auto), async (c) => {
    const env = jobBindings(c);
    const limits = c.get('config');
    const places = placesOf(limits, limits.MAX_JOB_IMAGES);
    const creation = gate.enter(places, limits.MAX_BODY_BYTES, () => create(c, env, c.req.valid('query')));
    c.executionCtx.waitUntil(creation.catch(() => {}));
    return creation;
  });

  app.get('/:id', operations.job, async (c) => c.json(found(await job(c).progress())));

  app.delete('/:id', operations.cancelJob, async (c) => c.json(found(await job(c).cancel())));

  app.get('/:id/images/:image', operations.result, async (c) => {
    found(await job(c).progress());
    const image = Number(c.req.param('image'));
    const key = Number.isInteger(image) ? await job(c).result(image) : null;
    const object = key && (await jobBindings(c).BUCKET.get(key));
    if (!object) {
      throw problem(
        'result-not-found',
        'Ask for the job: an image whose status is "done" says where its result is.',
      );
    }
    const headers = { ETag: object.httpEtag, 'Cache-Control': 'private, no-cache' };
    if (c.req.header('If-None-Match')?.includes(object.httpEtag)) return c.body(null, 304, headers);
    return c.body(object.body, 200, {
      ...headers,
      'Content-Type': object.httpMetadata?.contentType ?? 'application/octet-stream',
      'Content-Length': String(object.size),
    });
  });

  return app;
}

function jobBindings(c: Context<AppEnv>): Env & JobBindings {
  if (!c.env.JOBS) {
    throw problem(
      'jobs-not-configured',
      'Send images one by one to POST /v1/restore: this deployment has no queue.',
    );
  }
  return c.env as Env & JobBindings;
}

function job(c: Context<AppEnv>) {
  return jobBindings(c).JOBS.getByName(c.req.param('id')!);
}

function found<T>(document: T | null): T {
  if (document) return document;
  throw problem('job-not-found', 'Send the job again: there is none of this id, or it has expired.');
}

async function create(
  c: Context<AppEnv>,
  env: Env & JobBindings,
  options: RestoreOptions,
): Promise<Response> {
  const limits = c.get('config');
  // Of this attempt alone: what another has stored stays until that other one is known to be the same job.
  const prefix = `jobs/${crypto.randomUUID()}/`;
  let created = false;
  try {
    const images = isForm(c.req.raw) ? await upload(c, env, prefix) : await named(c);
    const fingerprint = await sha256(JSON.stringify([options, images.map(({ hash }) => hash)]));
    const key = c.req.header('Idempotency-Key');
    const owner = c.req.header('Authorization') ?? '';
    const id = await sha256(key === undefined ? `images ${fingerprint}` : `key ${owner} ${key}`);
    const now = Date.now();
    const expires = now + limits.JOB_HOURS * 3_600_000;
    const spec: JobSpec = { id, fingerprint, options, prefix, images, created: now, expires };
    const stub = env.JOBS.getByName(id);
    const answer = await stub.create(spec);
    created = answer.created;
    note(c, { job: id, images: images.length, created });
    if (answer.conflict) {
      throw problem(
        'idempotency-conflict',
        'Use another Idempotency-Key: this one came with other images or options.',
      );
    }
    return c.json(found(await stub.progress()), created ? 202 : 200, { Location: `/v1/jobs/${id}` });
  } finally {
    if (!created) await deleteAll(env.BUCKET, prefix);
  }
}

/** Stores the files of a form as they arrive. */
async function upload(c: Context<AppEnv>, env: JobBindings, prefix: string): Promise<Images> {
  const limits = c.get('config');
  const images: Images = [];
  for await (const part of fileParts(c.req.raw, limits, { mostFiles: limits.MAX_JOB_IMAGES })) {
    const bytes = part.bytes as Uint8Array<ArrayBuffer>;
    const key = `${prefix}in/${images.length}`;
    await env.BUCKET.put(key, bytes);
    images.push({ name: part.filename ?? '', key, hash: await sha256(bytes) });
  }
  if (images.length === 0)
    throw problem('bad-form', 'Put the images in parts called "file", with file names.');
  return images;
}

/** The images that a JSON body names. Their content may change, so the name stands for it. */
async function named(c: Context<AppEnv>): Promise<Images> {
  const limits = c.get('config');
  const text = new TextDecoder().decode(await readBody(c.req.raw, limits));
  let parsed: z.ZodSafeParseResult<z.infer<typeof keysBody>>;
  try {
    parsed = keysBody.safeParse(JSON.parse(text));
  } catch (cause) {
    throw problem('bad-json', 'Send a multipart form of images, or JSON such as {"keys":["a.jpg"]}.', cause);
  }
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ message }) => message).join('; ');
    throw problem('bad-json', `Send JSON such as {"keys":["a.jpg"]}: ${faults}.`);
  }
  const { keys } = parsed.data;
  if (keys.length > limits.MAX_JOB_IMAGES) {
    throw problem('too-many-images', `Send at most ${limits.MAX_JOB_IMAGES} images in one job.`);
  }
  return keys.map((name) => ({ name, key: INBOX + name, hash: `key ${name}` }));
}
