import type { Restorer } from '@pellucid/core';
import type { Context } from 'hono';
import { endTime, startTime } from 'hono/timing';
import { z } from 'zod';
import { Gate } from '../gate.ts';
import { decode } from '../image/decode.ts';
import { encode } from '../image/encode.ts';
import { admit } from '../image/limits.ts';
import { sniff } from '../image/sniff.ts';
import { TASKS, type Task } from '../models.ts';
import { problem } from '../problem.ts';
import { formatChoice } from './accept.ts';
import { readImage } from './body.ts';

const QUEUE = 4;

const query = z.strictObject({ task: z.enum(TASKS, { error: `task must be one of: ${TASKS.join(', ')}` }) });

/** What this route needs of a restorer. */
export type RestorerFor = (
  task: Task,
) => Promise<Pick<Restorer, 'restore' | 'tiles'> & { model: { name: string } }>;

/** `POST /v1/restore?task=...`: bytes of an image in, bytes of the restored image out. */
export function restoreRoute(restorerFor: RestorerFor): (c: Context) => Promise<Response> {
  const gate = new Gate(QUEUE);
  return async (c) => {
    const { task } = readQuery(c);
    const choose = formatChoice(c.req.header('Accept'));
    const answer = gate.run(
      () => readImage(c.req.raw),
      async (bytes) => {
        const header = sniff(bytes);
        admit(header);
        const image = await timed(c, 'decode', () => decode(bytes, header));
        const restorer = await restorerFor(task);
        const restored = await timed(c, 'restore', () => restorer.restore(image));
        const format = choose(header.format);
        const encoded = await timed(c, 'encode', () => encode(restored, format));
        return c.body(encoded, 200, {
          'Content-Type': `image/${format}`,
          'Cache-Control': 'no-store',
          Vary: 'Accept',
          'X-Pellucid-Model': restorer.model.name,
          'X-Pellucid-Tiles': String(restorer.tiles(image.width, image.height)),
        });
      },
    );
    // When a client hangs up, its request is dropped where it stands, and would keep its place at the gate for ever.
    c.executionCtx.waitUntil(answer.catch(() => {}));
    return answer;
  };
}

/** Adds a phase to Server-Timing. On Cloudflare, clocks stand still while code runs: the figures are for local use. */
async function timed<T>(c: Context, phase: string, run: () => Promise<T>): Promise<T> {
  startTime(c, phase);
  const result = await run();
  endTime(c, phase);
  return result;
}

function readQuery(c: Context): z.infer<typeof query> {
  const parsed = query.safeParse(c.req.query());
  if (parsed.success) return parsed.data;
  throw problem(
    'bad-parameter',
    `Correct the query: ${parsed.error.issues.map(({ message }) => message).join('; ')}.`,
  );
}
