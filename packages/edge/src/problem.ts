import { PellucidError } from '@pellucid/core';
import type { Context } from 'hono';

const DOCUMENTATION = 'https://github.com/pellucid/pellucid/blob/main/packages/edge/ERRORS.md';

/** Every problem the service answers with. ERRORS.md explains each under a heading of the same name. */
const PROBLEMS = {
  'bad-parameter': { status: 400, title: 'A parameter is not valid' },
  'bad-form': { status: 400, title: 'The form cannot be read' },
  'empty-body': { status: 400, title: 'The request has no body' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'not-acceptable': { status: 406, title: 'No image format satisfies the Accept header' },
  'body-incomplete': { status: 400, title: 'The body ends before its declared length' },
  'body-timeout': { status: 408, title: 'The body took too long to arrive' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-format': { status: 415, title: 'The body is not a PNG, JPEG or WebP image' },
  'image-corrupt': { status: 422, title: 'The image is damaged' },
  'image-too-large': { status: 422, title: 'The image has too many pixels' },
  'image-animated': { status: 422, title: 'The image is animated' },
  'image-cmyk': { status: 422, title: 'The image is in CMYK' },
  'image-too-many-scans': { status: 422, title: 'The JPEG has too many scans' },
  'image-variant': { status: 422, title: 'The image uses a rare variant of its format' },
  internal: { status: 500, title: 'The service failed' },
  busy: { status: 503, title: 'The service is busy' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Seconds after which a busy isolate is worth asking again: about one large photograph. */
const RETRY_AFTER_S = 2;

/**
 * An error that becomes a problem document.
 *
 * `detail` is public: a sentence that tells the caller what to do. `cause` goes to the log only.
 */
export function problem(code: ProblemCode, detail: string, cause?: unknown): PellucidError {
  return new PellucidError(code, detail, { cause });
}

/**
 * The RFC 9457 document for an error, as `application/problem+json`. An error this service did not raise itself
 * answers 500 with a constant text, and what happened goes to the log under the request's id.
 */
export function problemResponse(c: Context, error: unknown, headers: Record<string, string> = {}): Response {
  const code = problemCode(error);
  const { status, title } = PROBLEMS[code];
  const instance: string = c.get('requestId');
  const detail =
    code === 'internal'
      ? 'Nothing is known to be wrong with the request. Send it again; if it fails again, report the instance.'
      : (error as PellucidError).message;
  log(error, instance, code, status);
  return c.body(
    JSON.stringify({ type: `${DOCUMENTATION}#${code}`, title, status, detail, instance }),
    status,
    {
      ...headers,
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(code === 'busy' && { 'Retry-After': String(RETRY_AFTER_S) }),
    },
  );
}

function problemCode(error: unknown): ProblemCode {
  if (error instanceof PellucidError && Object.hasOwn(PROBLEMS, error.code)) return error.code as ProblemCode;
  return 'internal';
}

function log(error: unknown, requestId: string, code: ProblemCode, status: number): void {
  const cause = code === 'internal' ? error : (error as PellucidError).cause;
  if (cause === undefined) return;
  const text = cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
  console[status < 500 ? 'warn' : 'error'](JSON.stringify({ requestId, code, status, cause: text }));
}
