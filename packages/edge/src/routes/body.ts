import {
  getMultipartBoundary,
  MaxFileSizeExceededError,
  MaxPartsExceededError,
  MultipartParser,
  type MultipartPart,
} from '@remix-run/multipart-parser';
import type { Config } from '../config.ts';
import { problem } from '../problem.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The bytes of the image in a request: the body itself, or the part called `file` of a multipart form.
 *
 * @param hold is told how many bytes there are so far, and may refuse
 * @throws empty-body, body-incomplete, body-timeout, body-too-large, bad-form, unsupported-encoding
 */
export async function readImage(
  request: Request,
  limits: Config,
  hold: (bytes: number) => void,
): Promise<Bytes> {
  if (!isForm(request)) return readBody(request, limits, hold);
  const parts = fileParts(request, limits, { mostFiles: 1, hold });
  for await (const part of parts) return part.bytes as Bytes;
  throw problem('bad-form', 'Put the image in a part called "file", with a file name.');
}

/** How many bytes the body is said to have; 0 where the sender does not know yet, as with chunked encoding. */
export function declaredBytes(request: Request, limits: Config): number {
  const declared = Number(request.headers.get('Content-Length'));
  if (declared > limits.MAX_BODY_BYTES) throw tooLarge(limits.MAX_BODY_BYTES);
  return declared;
}

export function isForm(request: Request): boolean {
  return /^multipart\/form-data\b/i.test(request.headers.get('Content-Type') ?? '');
}

/** Reads into one buffer, of the declared size where there is one: a body is the largest thing an isolate waits with. */
export async function readBody(
  request: Request,
  limits: Config,
  hold: (bytes: number) => void = () => {},
): Promise<Bytes> {
  const most = limits.MAX_BODY_BYTES;
  const declared = declaredBytes(request, limits);
  let body = new Uint8Array(declared > 0 ? declared : 65536);
  let size = 0;
  for await (const chunk of chunksOf(request, limits)) {
    const end = size + chunk.length;
    if (end > most) throw tooLarge(most);
    if (end > body.length) {
      const larger = new Uint8Array(Math.min(most, Math.max(end, 2 * body.length)));
      larger.set(body);
      hold(larger.length);
      body = larger;
    }
    body.set(chunk, size);
    size = end;
  }
  if (size === 0) throw problem('empty-body', 'Send the bytes of an image as the body.');
  return body.subarray(0, size);
}

/**
 * Yields the parts called `file` of a multipart form as they arrive, one in memory at a time. Each may take as long to
 * arrive as a body, and have as many bytes.
 *
 * @throws bad-form, body-too-large, too-many-images, and what `readImage` throws of the body
 */
export async function* fileParts(
  request: Request,
  limits: Config,
  { mostFiles, hold = () => {} }: { mostFiles: number; hold?: (bytes: number) => void },
): AsyncGenerator<MultipartPart> {
  const malformed = (cause?: unknown) =>
    problem('bad-form', 'Send a well-formed multipart form, or the image as the body.', cause);
  const boundary = getMultipartBoundary(request.headers.get('Content-Type') ?? '');
  if (!boundary) throw malformed();
  const most = limits.MAX_BODY_BYTES;
  const parser = new MultipartParser(boundary, {
    maxFileSize: most,
    maxParts: mostFiles + 20,
    maxTotalSize: Number.MAX_SAFE_INTEGER,
  });
  const ended = () => {
    try {
      parser.finish();
      return true;
    } catch {
      return false;
    }
  };
  let files = 0;
  let size = 0;
  const chunks = chunksOf(request, limits);
  for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next(files)) {
    size += chunk.value.length;
    if (mostFiles === 1 && size > declaredBytes(request, limits)) hold(size);
    const parts = parser.write(chunk.value);
    for (;;) {
      const part = nextPart(parts, most, malformed);
      if (!part) break;
      if (!isImage(part, malformed)) continue;
      files += 1;
      if (files > mostFiles && mostFiles > 1) {
        throw problem('too-many-images', `Send at most ${mostFiles} images in one job.`);
      }
      yield part;
    }
    // What a sender puts behind the end means nothing.
    if (ended()) return void (await chunks.return());
  }
  if (size === 0) throw problem('empty-body', 'Send a form with the bytes of an image.');
  throw malformed('the form has no end');
}

/** Whether a part is a file called "file". What a part is called is decoded when it is asked for. */
function isImage(part: MultipartPart, malformed: (cause: unknown) => Error): boolean {
  try {
    return part.name === 'file' && part.isFile;
  } catch (cause) {
    throw malformed(cause);
  }
}

function nextPart(
  parts: Generator<MultipartPart>,
  most: number,
  malformed: (cause: unknown) => Error,
): MultipartPart | undefined {
  try {
    const { value, done } = parts.next();
    return done ? undefined : value;
  } catch (error) {
    if (error instanceof MaxFileSizeExceededError) throw tooLarge(most);
    if (error instanceof MaxPartsExceededError) throw malformed('too many parts');
    throw malformed(error);
  }
}

/**
 * Yields a body's pieces. Whoever hands something other than before to `next` has got something whole, and the time
 * that the body may take begins anew.
 */
async function* chunksOf(request: Request, limits: Config): AsyncGenerator<Uint8Array, void, unknown> {
  const encoding = request.headers.get('Content-Encoding') ?? 'identity';
  if (encoding !== 'identity') {
    throw problem(
      'unsupported-encoding',
      `Send the body as it is, without the Content-Encoding "${encoding}".`,
    );
  }
  if (!request.body) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const seconds = limits.BODY_TIMEOUT_SECONDS;
  let late = false;
  const alarm = () =>
    setTimeout(() => {
      late = true;
      reader.cancel().catch(() => {});
    }, seconds * 1000);
  let timer = alarm();
  let progress: unknown;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw problem('body-incomplete', 'Send the whole body again: the connection broke off.', cause);
      });
      if (late) throw problem('body-timeout', `Send the whole body within ${seconds} seconds.`);
      if (done) return;
      const now = yield value;
      if (now !== progress) {
        progress = now;
        clearTimeout(timer);
        timer = alarm();
      }
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

function tooLarge(most: number): Error {
  return problem('body-too-large', `Send at most ${most} bytes.`);
}
