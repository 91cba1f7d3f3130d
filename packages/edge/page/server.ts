import { type Outcome, type Restore, Trouble } from './outcome.ts';
import { AUTO, isOffered, type ServedTask } from './tasks.ts';

/** Restores through `POST /v1/restore`. By XMLHttpRequest, since `fetch` does not tell how much has been sent. */
export const restoreOnServer: Restore = (file, task, signal, onProgress) => {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const started = performance.now();
  const request = new XMLHttpRequest();
  request.open('POST', `/v1/restore?${new URLSearchParams({ task })}`);
  request.responseType = 'blob';
  request.upload.onprogress = ({ loaded, total }) => onProgress('Sending', loaded / total);
  request.upload.onload = () => onProgress('The server is restoring');
  if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
  request.onerror = () =>
    reject(new Trouble('The server did not answer. Look at the connection, then try again.'));
  request.onload = async () => {
    const image = request.response as Blob;
    if (request.status !== 200) return reject(await troubleOf(image, request.status));
    const done = request.getResponseHeader('X-Pellucid-Task') ?? task;
    resolve({
      image,
      task: done === 'none' ? null : done,
      model: request.getResponseHeader('X-Pellucid-Model'),
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

/**
 * The tasks that are offered; `auto` first, where the server finds out itself what a photograph needs.
 * @throws Trouble, with status 401 where the server wants a token
 */
export async function listTasks(): Promise<ServedTask[]> {
  const headers: HeadersInit = token ? { Authorization: `Bearer ${token}` } : {};
  const [response, ready] = await Promise.all([fetch('/v1/models', { headers }), fetch('/readyz')]).catch(
    () => {
      throw new Trouble('The server did not say what it can restore. Load the page again.');
    },
  );
  if (!response.ok) throw await troubleOf(await response.blob(), response.status);
  const { models } = (await response.json()) as { models: ServedTask[] };
  const { tasks = [] } = ready.ok ? ((await ready.json()) as { tasks?: string[] }) : {};
  const offered = models.filter(isOffered);
  return tasks.includes(AUTO.task) ? [AUTO, ...offered] : offered;
}

let token = '';

/** What is sent as a bearer token from now on. */
export function useToken(value: string): void {
  token = value.trim();
}

/** A problem document's own sentence. */
async function troubleOf(body: Blob, status: number): Promise<Trouble> {
  const document = await body
    .text()
    .then((text) => JSON.parse(text) as { detail?: string })
    .catch(() => undefined);
  const detail = document?.detail ?? `The server answered ${status} and did not say why. Try again.`;
  return new Trouble(detail, status);
}

/** The metrics of a Server-Timing header that have a duration. */
function phasesOf(header: string): Outcome['phases'] {
  return [...header.matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)].map(([, name, duration]) => ({
    name: name!,
    milliseconds: Number(duration),
  }));
}
