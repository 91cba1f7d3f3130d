import path from 'node:path';
import { Random } from '@pellucid/core';
import sharp from 'sharp';
import { stamped } from '../../../edge/black-box/files.ts';
import { compressedBytes, Service } from '../../../edge/black-box/service.ts';
import type { ServiceRow } from '../report/schema.ts';

const workers = path.join(import.meta.dirname, '../../workerd');

interface Job {
  what: string;
  width: number;
  height: number;
  format: 'png' | 'jpeg';
  /** Milliseconds that it should take. */
  target: number;
}

const JOBS: readonly Job[] = [
  { what: '512x512 PNG to PNG', width: 512, height: 512, format: 'png', target: 150 },
  { what: '1 Mpx JPEG to JPEG', width: 1024, height: 1024, format: 'jpeg', target: 1000 },
];
const COLD_START = 100;
const STARTS = 3;
const BUNDLE = 3 * 2 ** 20;

/**
 * The figures of the service as a whole, through HTTP: with the network that it serves, and with one of 20,000 MACs per
 * pixel for comparison. The first run is not counted, since V8 compiles in it. The cold start is what the Worker takes to
 * its first answer beyond what an empty one takes; it is left out where the system does not tell processor time.
 */
export async function measureService(runs: number, jobs = JOBS): Promise<ServiceRow[]> {
  const rows: ServiceRow[] = [];
  const [bare, first] = [await leastStart(workers, 'empty.ts'), await leastStart()];
  if (bare !== undefined)
    rows.push({ what: 'Cold start', value: first! - bare, unit: 'ms', target: COLD_START });
  for (const [network, start] of [
    ['the served network', () => Service.start()],
    ['20K MACs per pixel', () => Service.start(workers, 'narrow.ts')],
  ] as const) {
    const service = await start();
    try {
      for (const job of jobs) {
        const body = await photograph(job);
        const times: number[] = [];
        // Each run with another file of the same picture, lest a cache answer.
        for (let run = 0; run <= runs; run++)
          times.push(await spent(service, () => service.restore(stamped(body, `${run}`))));
        const what = `${job.what}, ${network}`;
        rows.push({ what, value: Math.min(...times.slice(1)), unit: 'ms', target: job.target });
      }
    } finally {
      await service.stop();
    }
  }
  rows.push({ what: 'Bundle, gzip', value: compressedBytes(), unit: 'bytes', target: BUNDLE });
  return rows;
}

/**
 * Milliseconds of processor time from the start of workerd to its first answer, the least of some starts; undefined where
 * the system does not tell.
 */
async function leastStart(...worker: Parameters<typeof Service.start>): Promise<number | undefined> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const service = await Service.start(...worker);
    try {
      await (await fetch(`${service.address}/healthz`)).bytes();
      times.push(service.processorMilliseconds() ?? Number.NaN);
    } finally {
      await service.stop();
    }
  }
  const least = Math.min(...times);
  return Number.isNaN(least) ? undefined : least;
}

/** Milliseconds of workerd's processor time that an answer takes, or of the clock where the system does not tell. */
async function spent(service: Service, ask: () => Promise<Response>): Promise<number> {
  const read = () => service.processorMilliseconds() ?? performance.now();
  const before = read();
  const response = await ask();
  const body = await response.bytes();
  if (!response.ok) throw new Error(`${response.status}: ${new TextDecoder().decode(body)}`);
  return read() - before;
}

/** A drawn picture that compresses about as a photograph does. */
async function photograph({ width, height, format }: Job): Promise<Uint8Array<ArrayBuffer>> {
  const random = new Random('service');
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / 40 + (i % 3)) + 50 * Math.cos(y / 30) + 12 * random.normal();
  });
  const pipe = sharp(data, { raw: { width, height, channels: 3 } });
  return Uint8Array.from(await pipe.toFormat(format, { quality: 90 }).toBuffer());
}
