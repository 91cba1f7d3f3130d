import { studentFor } from '@pellucid/core';
import type { Context } from 'hono';
import { endTime, setMetric, startTime } from 'hono/timing';
import type { AppEnv, Config } from '../config.ts';
import { type Gate, type Place, placesOf, turnSeconds } from '../gate.ts';
import type { ImageFormat } from '../image/header.ts';
import { admit } from '../image/limits.ts';
import { sniff } from '../image/sniff.ts';
import { note } from '../middleware/log.ts';
import { enlargementFor, fingerprintOf, sha256, TASKS } from '../models.ts';
import {
  type Order,
  type Phase,
  type Restoration,
  restoration,
  type Sent,
  type Studio,
  withDeadline,
} from '../restoration.ts';
import { formatChoice } from './accept.ts';
import { declaredBytes, readImage } from './body.ts';
import { cachedResult, keepResult, type Result } from './cache.ts';
import type { RestoreOptions } from './options.ts';

/** To be raised when the same image and options come to give another file: it is part of what a result is known by. */
const REVISION = 2;

/** `POST /v1/restore?task=...`: bytes of an image in, bytes of the restored image out. */
export function restoreRoute(
  studio: Studio,
  gate: Gate,
): (c: Context<AppEnv>, options: RestoreOptions) => Promise<Response> {
  return async (c, options) => {
    const limits = c.get('config');
    const request = c.req.raw;
    const client = request.signal;
    const choose = options.format ? () => options.format! : formatChoice(c.req.header('Accept'));
    const places = placesOf(limits);
    const answer = gate.enter(places, declaredBytes(request, limits), async (place) => {
      const sent = await receive(request, limits, place, options.task);
      const { width, height, format } = sent.header;
      const order: Order = { ...options, format: choose(format) };
      const bytes = sent.bytes.length;
      note(c, { task: order.task, input: format, output: order.format, width, height, bytes });

      const key = await resultKey(sent.bytes, order);
      if (matches(c.req.header('If-None-Match'), key)) return c.body(null, 304, shared(key));
      const caching = limits.CACHE_SECONDS > 0;
      const known = caching ? await cachedResult(c, key) : undefined;
      if (known) {
        setMetric(c, 'cache', 'hit');
        return answerOf(c, known, key, 'hit');
      }

      const made = await withDeadline(limits.DEADLINE_SECONDS, client, (signal) =>
        gate.alone({ seconds: turnSeconds(limits), signal }, () =>
          restoration(sent, order, studio, {
            limits,
            signal,
            crowded: () => gate.isFull(places),
            phase: timed(c),
          }),
        ),
      );
      note(c, { done: made.task, tiles: made.tiles, bytes_out: made.file.length });
      const result = { file: made.file, headers: headersOf(made, order.format) };
      if (caching) keepResult(c, key, result, limits.CACHE_SECONDS);
      return answerOf(c, result, key, caching ? 'miss' : undefined);
    });
    // When a client hangs up, its request is dropped where it stands, and would keep its place at the gate for ever.
    c.executionCtx.waitUntil(answer.catch(() => {}));
    return answer;
  };
}

async function receive(request: Request, limits: Config, place: Place, task: string): Promise<Sent> {
  const bytes = await readImage(request, limits, place.hold);
  place.hold(bytes.length);
  const header = sniff(bytes);
  admit(header, limits, () => enlargementFor(task));
  return { bytes, header };
}

/** What tells a result from all others: the image, the weights of what may restore it, and what was asked of them. */
async function resultKey(bytes: Uint8Array<ArrayBuffer>, order: Order): Promise<string> {
  const students = order.task === 'auto' ? TASKS : [studentFor(order.task, bytes, TASKS)];
  const weights = await Promise.all(students.map(fingerprintOf));
  const { task, strength, quality, format } = order;
  return sha256(JSON.stringify([REVISION, await sha256(bytes), weights, task, strength, quality, format]));
}

/** Whether an If-None-Match header lists the result (RFC 9110, section 13.1.2). */
function matches(header: string | undefined, key: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(`"${key}"`);
}

function headersOf({ task, tiles, model }: Restoration, format: ImageFormat): Record<string, string> {
  return {
    'Content-Type': `image/${format}`,
    'X-Pellucid-Task': task ?? 'none',
    'X-Pellucid-Tiles': String(tiles),
    ...(model !== null && { 'X-Pellucid-Model': model }),
  };
}

function answerOf(
  c: Context,
  { file, headers }: Result,
  key: string,
  cache: 'hit' | 'miss' | undefined,
): Response {
  note(c, { cache });
  return c.body(file, 200, { ...headers, ...shared(key), ...(cache && { 'X-Pellucid-Cache': cache }) });
}

/** What every answer says of the result, an unchanged one too: to ask again is cheap, and nobody else may keep it. */
function shared(key: string): Record<string, string> {
  return { ETag: `"${key}"`, 'Cache-Control': 'private, no-cache', Vary: 'Accept' };
}

/** Adds phases to Server-Timing. On Cloudflare, clocks stand still while code runs: the figures are for local use. */
function timed(c: Context): Phase {
  return async (name, run) => {
    startTime(c, name);
    const result = await run();
    endTime(c, name);
    return result;
  };
}
