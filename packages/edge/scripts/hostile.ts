/**
 * Sends ten thousand hostile bodies to the service in one isolate, then a good one. Run as
 * `node packages/edge/scripts/hostile.ts [--count 10000] [--seed 1]`; exits with 1 when an answer was not what it should be.
 */
import { parseArgs } from 'node:util';
import { bombard } from '../black-box/hostile/bombard.ts';
import { seeds } from '../black-box/hostile/seeds.ts';
import { Service } from '../black-box/service.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const service = await Service.start();
try {
  const start = performance.now();
  const report = (sent: number) =>
    void (process.stderr.isTTY && process.stderr.write(`\r${sent} of ${count}`));
  const { statuses, faults, slowest, resident } = await bombard(service, count, values.seed, report);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${count} bodies of seed ${values.seed} in ${seconds.toFixed(0)} s`);
  console.log(`statuses: ${JSON.stringify(statuses)}`);
  for (const { kind, milliseconds } of slowest) console.log(`slow: ${milliseconds.toFixed(0)} ms, ${kind}`);
  console.log(`resident MB: ${resident.map((bytes) => (bytes / 1e6).toFixed(0)).join(' ')}`);
  for (const fault of faults) console.log(fault);
  const good = await service.restore((await seeds())[0]!.bytes);
  console.log(`a good one afterwards: ${good.status}`);
  const healthCheck = await service.keptByHealthCheck();
  if (healthCheck !== undefined) {
    // The first tenth fills what is filled once.
    const kept = (resident.at(-1)! - resident[4]!) / (0.9 * count);
    console.log(
      `kept in memory: ${(kept / 1e3).toFixed(0)} kB a body, ${(healthCheck / 1e3).toFixed(0)} kB a health check`,
    );
  }
  process.exitCode = faults.length > 0 || good.status !== 200 ? 1 : 0;
} finally {
  await service.stop();
}
