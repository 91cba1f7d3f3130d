import { z } from 'zod';
import { markdownTable } from '../report/markdown-table.ts';

/** Wall times over the rounds of one run. */
const Times = z.strictObject({ median: z.number(), best: z.number(), rounds: z.int().positive() });

const Absent = z.strictObject({ name: z.string(), reason: z.string() });

/** A figure, what it should reach, and whether it did. */
const Target = z.strictObject({ what: z.string(), value: z.number(), target: z.number(), met: z.boolean() });

export const EnginesReport = z.strictObject({
  /** Processes that wanted a core, on average over the minute before: above `cores`, times say little and ratios more. */
  load: z.number(),
  cores: z.int().positive(),
  training: z.array(
    z.strictObject({
      net: z.string(),
      description: z.string(),
      rows: z.array(
        z.strictObject({
          engine: z.string(),
          workers: z.int().positive(),
          /** Patches of a step, and their side in pixels. */
          patches: z.int().positive(),
          patch: z.int().positive(),
          milliseconds: Times,
          /** From the median. */
          gigaflops: z.number(),
        }),
      ),
    }),
  ),
  forward: z.strictObject({
    /** GFLOP/s of one thread of WebAssembly that does nothing but multiply and add. */
    peak: z.number(),
    rows: z.array(
      z.strictObject({
        runtime: z.string(),
        channels: z.int().positive(),
        size: z.int().positive(),
        milliseconds: Times,
        /** Of the plain convolution's arithmetic, so that a faster algorithm may pass the peak. From the median. */
        gigaflops: z.number(),
      }),
    ),
  }),
  heap: z.strictObject({
    size: z.int().positive(),
    rows: z.array(z.strictObject({ runtime: z.string(), bytes: z.int().positive() })),
  }),
  targets: z.array(Target),
  absent: z.array(Absent),
});

export type EnginesReport = z.infer<typeof EnginesReport>;

export function toMarkdown({ load, cores, training, forward, heap, targets, absent }: EnginesReport): string {
  const milliseconds = ({ median, best }: z.infer<typeof Times>) => [median.toFixed(1), best.toFixed(1)];
  const parts = [
    `Load before the run: ${load.toFixed(1)} on ${cores} cores. Rounds go from one contender to the next, so that whatever else the machine does slows all alike.`,
    ...training.map(({ net, description, rows }) => {
      const fastest = Math.max(...rows.map(({ gigaflops }) => gigaflops));
      return `Training step of net (${net}), ${description}: loss and gradients, without the optimiser.

${markdownTable([
  ['engine', 'workers', 'batch', 'median ms', 'best ms', 'GFLOP/s', 'of the fastest'],
  ...rows.map(({ engine, workers, patches, patch, milliseconds: times, gigaflops }) => [
    ...[engine, String(workers), `${patches} x ${patch}x${patch}`, ...milliseconds(times)],
    ...[gigaflops.toFixed(gigaflops < 1 ? 3 : 1), `${((100 * gigaflops) / fastest).toFixed(0)} %`],
  ]),
])}`;
    }),
    `Forward 3x3 convolution, one thread; multiply-adds alone reach ${forward.peak.toFixed(1)} GFLOP/s in WebAssembly.

${markdownTable([
  ['runtime', 'size', 'median ms', 'best ms', 'effective GFLOP/s', 'of the multiply-add loop'],
  ...forward.rows.map(({ runtime, channels, size, milliseconds: times, gigaflops }) => [
    ...[runtime, `${size}x${size}x${channels}`, ...milliseconds(times), gigaflops.toFixed(1)],
    `${((100 * gigaflops) / forward.peak).toFixed(0)} %`,
  ]),
])}`,
    `Heap of WebAssembly after net (a) on ${heap.size}x${heap.size} pixels.

${markdownTable([
  ['runtime', 'MiB'],
  ...heap.rows.map(({ runtime, bytes }) => [runtime, (bytes / 2 ** 20).toFixed(0)]),
])}`,
    markdownTable([
      ['target', 'wanted', 'measured', ''],
      ...targets.map(({ what, target, value, met }) => [
        what,
        target.toFixed(1),
        value.toFixed(2),
        met ? 'met' : 'missed',
      ]),
    ]),
    ...(absent.length > 0
      ? [`Not measured:\n\n${absent.map(({ name, reason }) => `- ${name}: ${reason}`).join('\n')}`]
      : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
