/**
 * Sends the service four times what it can do, for ten minutes, and tells what became of it: workerd alone, without the
 * proxies of `wrangler dev`, each of which waits for the restoration anew and keeps something of every request. Run as
 * `node packages/edge/scripts/load.ts [--seconds 600] [--side 256] [--times 4]`; exits with 1 when an answer was wrong.
 */
import { parseArgs } from 'node:util';
import { picture, pipe } from '../black-box/files.ts';
import { overload } from '../black-box/load.ts';
import { Service } from '../black-box/service.ts';
import { serve } from './workerd.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    side: { type: 'string', default: '256' },
    times: { type: 'string', default: '4' },
  },
});
const side = Number(values.side);
const { url, pid, stop } = await serve({ CACHE_SECONDS: '0' });
const service = new Service(url, pid, async () => stop());
try {
  const photograph = await pipe(picture(side, side)).png().toBuffer();
  const load = await overload(service, photograph, Number(values.seconds), Number(values.times));
  const milliseconds = (value: number) => `${value.toFixed(0)} ms`;
  console.log(
    `${side} x ${side}: alone ${load.capacity.toFixed(1)} a second; sent ${load.rate.toFixed(1)} a second`,
  );
  for (const [name, count, times] of [
    ['accepted', load.accepted, load.acceptedTimes],
    ['refused', load.refused, load.refusedTimes],
  ] as const) {
    const { p50, p95, p99, most } = times;
    const list = [p50, p95, p99, most].map(milliseconds).join(', ');
    console.log(`${name}: ${count}; the middle, 95 %, 99 % and the longest: ${list}`);
  }
  console.log(`refused within 50 ms: ${load.refusedTimes.p99 <= 50 ? 'met' : 'missed'} (99 %)`);
  if (load.residentSlope !== undefined) {
    const kept = load.residentSlope / (60 * load.rate);
    const healthCheck = (await service.keptByHealthCheck())!;
    console.log(
      `memory: ${(load.residentBytes! / 1e6).toFixed(0)} MB, gaining ${(load.residentSlope / 1e6).toFixed(2)} MB a minute: ` +
        `${(kept / 1e3).toFixed(0)} kB a request; ${(healthCheck / 1e3).toFixed(0)} kB a health check`,
    );
  }
  console.log(`wrong: ${load.wrong.length}`);
  for (const wrong of new Set(load.wrong)) console.log(`  ${wrong}`);
  process.exitCode = load.wrong.length > 0 ? 1 : 0;
} finally {
  await service.stop();
}
