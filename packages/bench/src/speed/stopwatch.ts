/** What is timed in every runtime alike; imports nothing that one of them lacks. */
import { type Model, Random, type Raster, Restorer } from '@pellucid/core';
import { yardstick } from './yardstick.ts';

/** What a runtime is asked to time. */
export interface Job {
  width: number;
  height: number;
  runs: number;
}

/** What it answers. */
export interface Timing {
  /** Of each run, after one that is not counted; `yardsticks` holds those of the yardstick just after each. */
  milliseconds: number[];
  yardsticks: number[];
  /** The clock when the first 64x64 picture was restored, on the runtime's own scale. */
  firstRestored: number;
  wasmBytes: number;
  /** The most that JavaScript's heap held between runs; null where the runtime does not say. */
  heapBytes: number | null;
}

/** The readings that each runtime has its own way to take. */
export interface Gauges {
  wasmBytes(): number;
  heapBytes(): number | null;
}

/** Times a model on the engine that is current: the first small picture, then `runs` of the stated size. */
export async function timeModel(
  model: Model,
  { width, height, runs }: Job,
  gauges: Gauges,
  memory?: number,
): Promise<Timing> {
  const restorer = new Restorer(model, memory === undefined ? {} : { memory });
  const options = { noiseLevel: 25 };
  try {
    await restorer.restore(picture(64, 64), options);
    const firstRestored = performance.now();
    const photograph = picture(width, height);
    const milliseconds: number[] = [];
    const yardsticks: number[] = [];
    let heapBytes = gauges.heapBytes();
    for (let run = 0; run <= runs; run++) {
      const start = performance.now();
      await restorer.restore(photograph, options);
      const taken = performance.now() - start;
      const yard = yardstick();
      // The first compiles kernels and makes memory grow.
      if (run > 0) {
        milliseconds.push(taken);
        yardsticks.push(yard);
      }
      const heap = gauges.heapBytes();
      heapBytes = heapBytes === null || heap === null ? null : Math.max(heapBytes, heap);
    }
    return { milliseconds, yardsticks, firstRestored, wasmBytes: gauges.wasmBytes(), heapBytes };
  } finally {
    restorer.dispose();
  }
}

/** Noise: how long a network takes does not depend on what it sees. */
function picture(width: number, height: number): Raster {
  const random = new Random('speed');
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  return { width, height, channels: 3, data };
}
