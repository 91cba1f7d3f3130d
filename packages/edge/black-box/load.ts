import { setTimeout as sleep } from 'node:timers/promises';
import { stamped } from './files.ts';
import type { Service } from './service.ts';

/** What came of sending more than a service can do. */
export interface Load {
  /** Requests a second that it does when it is asked one after another, and that it was sent. */
  capacity: number;
  rate: number;
  accepted: number;
  refused: number;
  /** Answers that were neither the right picture nor a refusal, and connections that broke. */
  wrong: string[];
  /** Milliseconds of the accepted and of the refused: the middle, 95 and 99 of 100, and the longest. */
  acceptedTimes: Percentiles;
  refusedTimes: Percentiles;
  /** Bytes that the Worker's process gained a minute, by least squares over the second half; undefined where unknown. */
  residentSlope: number | undefined;
  residentBytes: number | undefined;
}

interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  most: number;
}

/**
 * Measures how many photographs a second the service restores, then sends `times` as many for `seconds`, evenly, whether
 * or not the earlier ones have been answered, as strangers do. An accepted one must come back byte for byte as an
 * undisturbed one does; a refused one must be told when to come again.
 */
export async function overload(
  service: Service,
  photograph: Uint8Array,
  seconds: number,
  times = 4,
): Promise<Load> {
  const run = Math.random().toString(36);
  let asked = 0;
  // Each is another file of the same picture, lest a cache answer.
  const restore = (init?: RequestInit) => service.restore(stamped(photograph, `${run} ${asked++}`), init);
  const right = await (await restore()).bytes();
  const calibration: number[] = [];
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    await (await restore()).bytes();
    calibration.push(performance.now() - start);
  }
  const capacity = 1000 / percentiles(calibration).p50;
  const rate = times * capacity;

  const [accepted, refused, wrong]: [number[], number[], string[]] = [[], [], []];
  const send = async () => {
    const start = performance.now();
    const response = await restore({ signal: AbortSignal.timeout(60_000) });
    const body = await response.bytes();
    const milliseconds = performance.now() - start;
    if (response.status === 200 && Buffer.compare(body, right) === 0) accepted.push(milliseconds);
    else if ([429, 503].includes(response.status) && Number(response.headers.get('Retry-After')) > 0)
      refused.push(milliseconds);
    else
      wrong.push(
        `${response.status} with ${body.length} bytes: ${new TextDecoder().decode(body.slice(0, 200))}`,
      );
  };
  const resident: [number, number][] = [];
  const start = performance.now();
  const pending = new Set<Promise<void>>();
  let [sent, sampled] = [0, 0];
  for (let now = 0; now < seconds; now = (performance.now() - start) / 1000) {
    for (; sent < now * rate; sent++) {
      const request = send().catch((error: Error) => void wrong.push(`${error.cause ?? error}`));
      pending.add(request);
      request.finally(() => pending.delete(request));
    }
    const bytes = service.residentBytes();
    if (bytes !== undefined && now >= sampled) {
      resident.push([now, bytes]);
      sampled++;
    }
    await sleep(2);
  }
  await Promise.all(pending);
  return {
    capacity,
    rate,
    accepted: accepted.length,
    refused: refused.length,
    wrong,
    acceptedTimes: percentiles(accepted),
    refusedTimes: percentiles(refused),
    residentSlope: slope(resident.slice(resident.length >> 1)),
    residentBytes: resident.at(-1)?.[1],
  };
}

function percentiles(times: number[]): Percentiles {
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

/** A minute's gain, from values by the second. */
function slope(points: [number, number][]): number | undefined {
  if (points.length < 2) return undefined;
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const products = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  const squares = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return (60 * products) / squares;
}
