import { PellucidError } from '@pellucid/core';
import type { Context } from 'hono';
import { note } from './middleware/log.ts';

const DOCUMENTATION = 'https://github.com/pellucid/pellucid/blob/main/packages/edge/ERRORS.md';

/** Every problem the service answers with. ERRORS.md explains each under a heading of the same name. */
export const PROBLEMS = {
  'bad-parameter': { status: 400, title: 'A parameter is not valid' },
  'bad-form': { status: 400, title: 'The form cannot be read' },
  'bad-json': { status: 400, title: 'The JSON cannot be read' },
  'empty-body': { status: 400, title: 'The request has no body' },
  'body-incomplete': { status: 400, title: 'The body ends before its declared length' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'job-not-found': { status: 404, title: 'There is no such job' },
  'result-not-found': { status: 404, title: 'There is no such result' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'not-acceptable': { status: 406, title: 'No image format satisfies the Accept header' },
  'body-timeout': { status: 408, title: 'The body took too long to arrive' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'too-many-images': { status: 413, title: 'The job has too many images' },
  'unsupported-format': { status: 415, title: 'The body is not a PNG, JPEG or WebP image' },
  'unsupported-encoding': { status: 415, title: 'The body is compressed' },
  'image-corrupt': { status: 422, title: 'The image is damaged' },
  'image-too-large': { status: 422, title: 'The image has too many pixels' },
  'image-animated': { status: 422, title: 'The image is animated' },
  'image-cmyk': { status: 422, title: 'The image is in CMYK' },
  'image-too-many-scans': { status: 422, title: 'The JPEG has too many scans' },
  'image-variant': { status: 422, title: 'The image uses a rare variant of its format' },
  'image-missing': { status: 422, title: 'The image is not in the bucket' },
  'idempotency-conflict': { status: 422, title: 'The idempotency key belongs to another request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'client-gone': { status: 499, title: 'The client hung up' },
  internal: { status: 500, title: 'The service failed' },
  'jobs-not-configured': { status: 501, title: 'This deployment has no jobs' },
  busy: { status: 503, title: 'The service is busy' },
  'deadline-exceeded': { status: 503, title: 'The restoration took too long' },
  misconfigured: { status: 503, title: 'The service is not configured correctly' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Seconds after which asking again is worth it: about one large photograph, or the longest period of a rate limit. */
const RETRY_AFTER_S: Partial<Record<ProblemCode, number>> = {
  busy: 2,
  'deadline-exceeded': 10,
  'rate-limited': 60,
};

/**
 * An error that becomes a problem document.
 *
 * `detail` is public: a sentence that tells the caller what to do. `cause` goes to the log only.
 */
export function problem(code: ProblemCode, detail: string, cause?: unknown): PellucidError {
  return new PellucidError(code, detail, { cause });
}

/** The code of an error that this service raised itself; all others are its own failure. */
export function problemCode(error: unknown): ProblemCode {
  if (error instanceof PellucidError && Object.hasOwn(PROBLEMS, error.code)) return error.code as ProblemCode;
  return 'internal';
}

/** The public sentence for an error. */
export function problemDetail(error: unknown): string {
  return problemCode(error) === 'internal'
    ? 'Nothing is known to be wrong with the request. Send it again; if it fails again, report the instance.'
    : (error as PellucidError).message;
}

/**
 * The RFC 9457 document for an error, as `application/problem+json`. An error this service did not raise itself
 * answers 500 with a constant text, and what happened goes to the log under the request's id.
 */
export function problemResponse(c: Context, error: unknown, headers: Record<string, string> = {}): Response {
  const code = problemCode(error);
  const { status, title } = PROBLEMS[code];
  const instance: string = c.get('requestId');
  const retryAfter = RETRY_AFTER_S[code];
  note(c, { code, cause: causeText(code === 'internal' ? error : (error as PellucidError).cause) });
  return c.body(
    JSON.stringify({ type: typeOf(code), title, status, detail: problemDetail(error), instance }),
    // Hono's list of statuses leaves out 499, which has no RFC.
    status as 400,
    {
      ...headers,
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    },
  );
}

/** The URL that stands for a kind of problem, and explains it. */
export function typeOf(code: ProblemCode): string {
  return `${DOCUMENTATION}#${code}`;
}

/** What the log says of a reason; undefined where there is none. */
export function causeText(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
}
