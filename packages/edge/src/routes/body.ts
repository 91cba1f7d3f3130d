import { LIMITS } from '../image/limits.ts';
import { problem } from '../problem.ts';

/** A body that arrives more slowly than this keeps others out of the queue. */
const DEADLINE_MS = 30_000;

/**
 * The bytes of the image in a request: the body itself, or the part called `file` of a multipart form.
 *
 * @throws empty-body, body-incomplete, body-timeout, body-too-large, bad-form
 */
export async function readImage(request: Request): Promise<Uint8Array> {
  const body = await readBody(request);
  if (body.length === 0) throw problem('empty-body', 'Send the bytes of an image as the body.');
  const type = request.headers.get('Content-Type') ?? '';
  return /^multipart\/form-data\b/i.test(type) ? fileOf(body, type) : body;
}

/** Reads into one buffer, of the declared size where there is one: a body is the largest thing an isolate waits with. */
async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers.get('Content-Length'));
  if (declared > LIMITS.bodyBytes) throw tooLarge();
  let body = new Uint8Array(declared > 0 ? declared : 65536);
  if (!request.body) return body.subarray(0, 0);
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let size = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, DEADLINE_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw problem('body-incomplete', 'Send the whole body again: the connection broke off.', cause);
      });
      if (late) throw problem('body-timeout', `Send the whole body within ${DEADLINE_MS / 1000} seconds.`);
      if (done) return body.subarray(0, size);
      const end = size + value.length;
      if (end > LIMITS.bodyBytes) {
        await reader.cancel();
        throw tooLarge();
      }
      if (end > body.length) {
        const larger = new Uint8Array(Math.min(LIMITS.bodyBytes, Math.max(end, 2 * body.length)));
        larger.set(body);
        body = larger;
      }
      body.set(value, size);
      size = end;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function fileOf(body: Uint8Array<ArrayBuffer>, type: string): Promise<Uint8Array> {
  const form = await new Response(body, { headers: { 'Content-Type': type } })
    .formData()
    .catch((cause: unknown) => {
      throw problem('bad-form', 'Send a well-formed multipart form, or the image as the body.', cause);
    });
  const file = form.get('file');
  if (!(file instanceof Blob))
    throw problem('bad-form', 'Put the image in a part called "file", with a file name.');
  return new Uint8Array(await file.arrayBuffer());
}

function tooLarge(): Error {
  return problem('body-too-large', `Send at most ${LIMITS.bodyBytes} bytes.`);
}
