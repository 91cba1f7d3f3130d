import { type Outcome, type Restore, Trouble } from './outcome.ts';

/** Restores through `POST /v1/restore`. By XMLHttpRequest, since `fetch` does not tell how much has been sent. */
export const restoreOnServer: Restore = (file, task, signal, onProgress) => {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const started = performance.now();
  const request = new XMLHttpRequest();
  request.open('POST', `/v1/restore?${new URLSearchParams({ task })}`);
  request.responseType = 'blob';
  request.upload.onprogress = ({ loaded, total }) => onProgress('Sending', loaded / total);
  request.upload.onload = () => onProgress('The server is restoring');
  request.onerror = () =>
    reject(new Trouble('The server did not answer. Look at the connection, then try again.'));
  request.onload = async () => {
    const image = request.response as Blob;
    if (request.status !== 200) return reject(new Trouble(await detailOf(image, request.status)));
    resolve({
      image,
      model: request.getResponseHeader('X-Pellucid-Model') ?? task,
      tiles: Number(request.getResponseHeader('X-Pellucid-Tiles') ?? 1),
      milliseconds: performance.now() - started,
      phases: phasesOf(request.getResponseHeader('Server-Timing') ?? ''),
    });
  };
  signal.addEventListener('abort', () => {
    request.abort();
    reject(signal.reason);
  });
  request.send(file);
  return promise;
};

/** The sentence of a problem document. */
async function detailOf(body: Blob, status: number): Promise<string> {
  const document = await body
    .text()
    .then((text) => JSON.parse(text) as { detail?: string })
    .catch(() => undefined);
  return document?.detail ?? `The server answered ${status} and did not say why. Try again.`;
}

/** The metrics of a Server-Timing header that have a duration. */
export function phasesOf(header: string): Outcome['phases'] {
  return [...header.matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)].map(([, name, duration]) => ({
    name: name!,
    milliseconds: Number(duration),
  }));
}
