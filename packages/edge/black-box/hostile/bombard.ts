import type { Service } from '../service.ts';
import { type Hostile, hostileBodies } from './corpus.ts';

/** Fewer than the places at the service's gate: nobody is to be turned away for want of room. */
const AT_ONCE = 4;
/** Statuses that are an answer to a bad body, or to one that is still good. */
const EXPECTED = [200, 400, 406, 413, 415, 422];
/** A request that has had no answer by then hangs. */
const PATIENCE = 30_000;

/** What came of sending a corpus. */
export interface Bombardment {
  /** How often each status was the answer. */
  statuses: Record<number, number>;
  /** What should not have happened, with the number of the body and what it was. */
  faults: string[];
  /** Of the slowest answers, the slowest first. */
  slowest: { kind: string; milliseconds: number }[];
  /** Bytes that the Worker's process held, at even distances; empty where the system does not tell. */
  resident: number[];
}

/**
 * Sends `count` hostile bodies, a few at once, and looks at each answer: an image, or a problem document that names a
 * problem of the documented ones.
 */
export async function bombard(
  service: Service,
  count: number,
  seed: string | number,
  onProgress: (sent: number) => void = () => {},
): Promise<Bombardment> {
  const result: Bombardment = { statuses: {}, faults: [], slowest: [], resident: [] };
  const bodies = hostileBodies(count, seed);
  const every = Math.max(1, Math.floor(count / 40));
  let sent = 0;
  const sender = async () => {
    for (;;) {
      const { value: hostile, done } = await bodies.next();
      if (done) return;
      const index = sent++;
      const start = performance.now();
      const fault = await answerTo(service, hostile, result.statuses).catch((error: unknown) => `${error}`);
      const milliseconds = performance.now() - start;
      if (fault) result.faults.push(`body ${index} (${hostile.kind}): ${fault}`);
      result.slowest.push({ kind: hostile.kind, milliseconds });
      result.slowest.sort((a, b) => b.milliseconds - a.milliseconds).splice(5);
      if (index % every === 0) {
        const resident = service.residentBytes();
        if (resident !== undefined) result.resident.push(resident);
        onProgress(index);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return result;
}

/** Sends one, counts its status, and says what is wrong with the answer. */
async function answerTo(
  service: Service,
  hostile: Hostile,
  statuses: Bombardment['statuses'],
): Promise<string | undefined> {
  // What stands before the Worker here may give up when it is answered before it has handed over the whole body.
  const first = await send(service, hostile);
  const { status, headers, answer } = first.status === LOST ? await send(service, hostile) : first;
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (!EXPECTED.includes(status))
    return `status ${status}: ${new TextDecoder().decode(answer.slice(0, 500))}`;
  const type = headers.get('Content-Type') ?? '';
  if (status === 200) return type.startsWith('image/') && answer.length > 20 ? undefined : `200 with ${type}`;
  if (type !== 'application/problem+json') return `${status} with ${type || 'no type'}`;
  const document = JSON.parse(new TextDecoder().decode(answer)) as { type: string; detail: string };
  return /ERRORS\.md#[\w-]+$/.test(document.type) && /^[A-Z].*\.$/.test(document.detail)
    ? undefined
    : `${status} with ${JSON.stringify(document)}`;
}

/** Stands for the status of an answer that never came. */
const LOST = 0;

/** Sends one and reads the answer; why it never came where the connection was lost. */
async function send(service: Service, { body, contentType, chunked }: Hostile) {
  try {
    const response = await service.restore(chunked ? pieces(body) : body, {
      headers: contentType ? { 'Content-Type': contentType } : {},
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { status, headers } = response;
    const answer = await response.bytes();
    const lost = status >= 500 && new TextDecoder().decode(answer).includes('Network connection lost');
    return { status: lost ? LOST : status, headers, answer };
  } catch (error) {
    // fetch says so of a connection; a time that is over is an error of another kind.
    if (!(error instanceof TypeError)) throw error;
    const why = `The connection was lost, twice: ${error.message}, ${error.cause}`;
    return { status: LOST, headers: new Headers(), answer: new TextEncoder().encode(why) };
  }
}

/** The body as a stream, whose length the request then does not declare. */
function pieces(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(body.slice(at, at + 4000));
      at += 4000;
    },
  });
}
