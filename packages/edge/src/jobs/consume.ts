import { type Config, configOf, type Env } from '../config.ts';
import { type Gate, placesOf, turnSeconds } from '../gate.ts';
import { admit } from '../image/limits.ts';
import { sniff } from '../image/sniff.ts';
import { enlargementFor } from '../models.ts';
import { causeText, PROBLEMS, problem, problemCode, problemDetail, typeOf } from '../problem.ts';
import { restoration, type Sent, type Studio, withDeadline } from '../restoration.ts';
import type { BucketObject, JobBindings, JobMessage } from './bindings.ts';
import type { Assignment, Failure } from './job.ts';

/** What is used of a batch of a queue's messages. */
export interface Batch {
  queue: string;
  messages: readonly Message[];
}

interface Message {
  body: unknown;
  attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

/** The end of the name of the queue to which the platform moves what failed too often. */
const DEAD = '-dead';

/** Restores the images that a queue hands over, each acknowledged for itself. */
export async function consume(batch: Batch, env: Env, studio: Studio, gate: Gate): Promise<void> {
  const bindings = env as Env & JobBindings;
  for (const message of batch.messages) {
    const { job, image } = message.body as JobMessage;
    const facts = { job, image, attempt: message.attempts };
    if (batch.queue.endsWith(DEAD)) {
      await bindings.JOBS.getByName(job).fail(image, failureOf(new Error('failed too often')));
      log('error', { ...facts, dead: true });
      message.ack();
      continue;
    }
    try {
      log('log', { ...facts, ...(await restoreImage(bindings, job, image, studio, gate)) });
      message.ack();
    } catch (error) {
      log('error', { ...facts, code: problemCode(error), cause: causeText(error) });
      // 10 s, 20 s, 40 s and so on: what is not the image's fault may pass.
      message.retry({ delaySeconds: 5 * 2 ** message.attempts });
    }
  }
}

/** Restores one image, or says to its job what is wrong with it. @throws what is not the image's fault */
async function restoreImage(
  env: Env & JobBindings,
  id: string,
  image: number,
  studio: Studio,
  gate: Gate,
): Promise<Record<string, unknown>> {
  const job = env.JOBS.getByName(id);
  const assignment = await job.begin(image);
  if (!assignment) return { skipped: true };
  try {
    // Read when its turn has come, so that an image that waits takes no memory.
    const seconds = turnSeconds(configOf(env));
    const { file, format, task, tiles } = await gate.alone({ seconds }, () =>
      restored(env, assignment, studio, gate),
    );
    const key = `${assignment.result}.${format}`;
    await env.BUCKET.put(key, file, { httpMetadata: { contentType: `image/${format}` } });
    const wanted = await job.finish(image, { task: task ?? 'none', key });
    if (!wanted) await env.BUCKET.delete(key);
    return { task, tiles, bytes_out: file.length, ...(!wanted && { cancelled: true }) };
  } catch (error) {
    const code = problemCode(error);
    if (PROBLEMS[code].status >= 500) throw error;
    await job.fail(image, failureOf(error));
    return { code };
  }
}

async function restored(env: Env & JobBindings, { key, options }: Assignment, studio: Studio, gate: Gate) {
  const limits = configOf(env);
  const object = await env.BUCKET.get(key);
  if (!object) throw problem('image-missing', 'Put the image into the bucket before the job is sent.');
  if (object.size > limits.MAX_BODY_BYTES) {
    throw problem('body-too-large', `Send at most ${limits.MAX_BODY_BYTES} bytes.`);
  }
  const sent = await receive(object, limits, options.task);
  const order = { ...options, format: options.format ?? sent.header.format };
  const made = await withDeadline(limits.DEADLINE_SECONDS, undefined, (signal) =>
    restoration(sent, order, studio, { limits, signal, crowded: () => gate.isFull(placesOf(limits)) }),
  );
  return { ...made, format: order.format };
}

async function receive(object: BucketObject, limits: Config, task: string): Promise<Sent> {
  const bytes = new Uint8Array(await object.arrayBuffer());
  const header = sniff(bytes);
  admit(header, limits, () => enlargementFor(task));
  return { bytes, header };
}

function failureOf(error: unknown): Failure {
  const code = problemCode(error);
  return { type: typeOf(code), title: PROBLEMS[code].title, detail: problemDetail(error) };
}

function log(level: 'log' | 'error', facts: Record<string, unknown>): void {
  console[level](JSON.stringify({ event: 'job', ...facts }));
}
