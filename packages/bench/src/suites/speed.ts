import { PellucidError } from '@pellucid/core';
import { loadModel } from '@pellucid/trainer';
import { locateModel, releasedModels } from '../models.ts';
import { sizeOf, words } from '../options.ts';
import type { SpeedRow } from '../report/schema.ts';
import { browser } from '../speed/browser.ts';
import { node } from '../speed/node.ts';
import type { Runtime } from '../speed/runtime.ts';
import { measureService } from '../speed/service.ts';
import { workerd } from '../speed/workerd.ts';
import { median } from '../statistics.ts';
import type { Suite } from '../suite.ts';
import { TEACHERS } from '../teachers.ts';
import { unknown } from '../unknown.ts';

const runtimes: Record<SpeedRow['runtime'], Runtime> = { node, workerd, browser };
const RUNS = 5;

/** How long a photograph takes where people would run the model, and what that costs in memory. */
export const speed: Suite = {
  description: 'ms per megapixel, memory and cold start in Node, workerd and a headless browser',
  options: ['model', 'size', 'runtime'],
  async run(options, session) {
    const names = words(options.runtime).map(runtimeOf);
    const { width, height } = sizeOf(options.size ?? '512x512');
    const models =
      options.model === undefined
        ? await students()
        : words(options.model).filter((name) => !name.startsWith(TEACHERS));
    const files = await Promise.all(models.map(locateModel));
    const loaded = await Promise.all(files.map(loadModel));
    const section: NonNullable<typeof session.report.speed> = { rows: [], absent: [] };
    session.report.speed = section;
    for (const [index, file] of files.entries())
      for (const runtime of names) {
        const model = loaded[index]!.name;
        try {
          const measured = await runtimes[runtime].time(file, { width, height, runs: RUNS });
          const { timing, version, coldStartMilliseconds } = measured;
          const megapixels = (width * height) / 1e6;
          const quotients = timing.milliseconds.map((time, i) => time / timing.yardsticks[i]!);
          const millisecondsPerMegapixel = median(timing.milliseconds) / megapixels;
          section.rows.push({
            model,
            runtime,
            version,
            width,
            height,
            millisecondsPerMegapixel,
            runs: RUNS,
            coldStartMilliseconds,
            wasmBytes: timing.wasmBytes,
            heapBytes: timing.heapBytes,
            yardsticksPerMegapixel: median(quotients) / megapixels,
          });
          console.log(`${model} in ${version}: ${Math.round(millisecondsPerMegapixel)} ms per megapixel`);
        } catch (error) {
          if (!(error instanceof PellucidError)) throw error;
          section.absent.push({ runtime, reason: error.message });
        }
        await session.save();
      }
    if (names.includes('workerd')) {
      section.service = await measureService(RUNS);
      for (const { what, value, unit, target } of section.service)
        console.log(
          `${what}: ${Math.round(value)} ${unit}, target ${target}: ${value <= target ? 'met' : 'missed'}`,
        );
      await session.save();
    }
    if (section.rows.length === 0) session.fail('No runtime could be timed.');
  },
};

/** What is meant to be served; teachers are not. */
async function students(): Promise<string[]> {
  return (await releasedModels()).filter((name) => !name.endsWith('/teacher'));
}

function runtimeOf(name: string): SpeedRow['runtime'] {
  if (Object.hasOwn(runtimes, name)) return name as SpeedRow['runtime'];
  throw unknown('runtime', name, Object.keys(runtimes), 'bench/unknown-runtime');
}
