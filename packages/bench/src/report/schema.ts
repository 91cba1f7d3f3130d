/** What a benchmark says: one versioned JSON shape, from which Markdown and HTML are made. */
import { z } from 'zod';
import { DistillationTable } from '../distillation/table.ts';
import { EnginesReport } from '../engines/report.ts';
import { Statistic } from '../statistics.ts';

const Quality = z.strictObject({
  /** In dB; null where nothing differs, since JSON has no infinity. */
  psnr: z.number().nullable(),
  ssim: z.number(),
});
export type Quality = z.infer<typeof Quality>;

const Averaged = z.strictObject({ psnr: Statistic, ssim: Statistic });

const Cost = z.strictObject({ parameters: z.int(), macsPerPixel: z.number() });

const Skipped = z.strictObject({ file: z.string(), reason: z.string() });

/** One candidate on one set under one condition. */
export const QualityRow = z.strictObject({
  candidate: z.string(),
  output: Averaged,
  cost: Cost.optional(),
  /** What a browser downloads for it: weights, and the WebAssembly that runs them. */
  bytes: z.int().optional(),
  /** What its authors published, in their words. */
  published: z.string().optional(),
  /** Restoring alone: the whole set's time over the whole set's input pixels. */
  millisecondsPerMegapixel: z.number(),
  images: z.array(
    z.strictObject({
      file: z.string(),
      /** Of the truth. */
      width: z.int(),
      height: z.int(),
      input: Quality,
      output: Quality,
    }),
  ),
  /** Files that could not be measured, and why. */
  skipped: z.array(Skipped),
});
export type QualityRow = z.infer<typeof QualityRow>;

/** Every candidate on one set under one condition, so that the figures of a table compare. */
export const QualityTable = z.strictObject({
  task: z.string(),
  /** What the set is called, and says where it is part of one. */
  dataset: z.string(),
  condition: z.string(),
  /** Channel, border crop, rounding, degradation and seed. */
  protocol: z.string(),
  source: z.string(),
  /** What noise and resampling are drawn from. */
  seed: z.int(),
  /** Images in the set, and how many of them were measured. */
  expected: z.int(),
  measured: z.int(),
  /** Doing nothing, or in super-resolution the bicubic enlargement. */
  input: Averaged,
  rows: z.array(QualityRow),
  /** Candidates that have no row, and why. */
  absent: z.array(z.strictObject({ candidate: z.string(), reason: z.string() })),
});
export type QualityTable = z.infer<typeof QualityTable>;

export const CompressionRow = z.strictObject({
  model: z.string(),
  teacher: z.string(),
  size: z.strictObject({ width: z.int(), height: z.int() }),
  /** `bytes32` and `bytes16`: the model file in float32 and float16. `macs` of one image of the stated size. */
  student: z.strictObject({ ...Cost.shape, macs: z.number(), bytes32: z.int(), bytes16: z.int() }),
  compared: z.strictObject({ ...Cost.shape, macs: z.number(), bytes32: z.int(), bytes16: z.int() }),
  /** 1 - student / teacher. */
  parametersCut: z.number(),
  macsCut: z.number(),
  /** The least either cut may be. */
  floor: z.number(),
  passed: z.boolean(),
});
export type CompressionRow = z.infer<typeof CompressionRow>;

/** One model in one runtime. */
export const SpeedRow = z.strictObject({
  model: z.string(),
  runtime: z.enum(['node', 'workerd', 'browser']),
  /** What ran it, with its version. */
  version: z.string(),
  width: z.int(),
  height: z.int(),
  /** The middle of `runs` restorations after one that is not counted. */
  millisecondsPerMegapixel: z.number(),
  runs: z.int(),
  /** From nothing to the first restored 64x64 picture: process or page start, engine, weights, compiling. */
  coldStartMilliseconds: z.number(),
  /** The most bytes that WebAssembly's memory and JavaScript's heap had; null where the runtime does not say. */
  wasmBytes: z.int().nullable(),
  heapBytes: z.int().nullable(),
  /**
   * The same divided by a fixed loop of plain JavaScript run between the restorations, the middle of the quotients:
   * what two reports are compared by, since a slower or a busier machine slows both.
   */
  yardsticksPerMegapixel: z.number(),
});
export type SpeedRow = z.infer<typeof SpeedRow>;

/** One figure of the whole service, bytes to bytes in workerd, held against its target. */
export const ServiceRow = z.strictObject({
  what: z.string(),
  value: z.number(),
  unit: z.enum(['ms', 'bytes']),
  /** What the value should be at most. */
  target: z.number(),
});
export type ServiceRow = z.infer<typeof ServiceRow>;

export const Report = z.strictObject({
  schema: z.literal('pellucid-bench/2'),
  /** The command that makes this report again. */
  command: z.string(),
  made: z.iso.datetime(),
  /** The commit that was measured, `-dirty` where files differed from it; null outside a checkout. */
  commit: z.string().nullable(),
  machine: z.strictObject({
    node: z.string(),
    platform: z.string(),
    cpu: z.string(),
    cores: z.int(),
    engine: z.string(),
  }),
  quality: z.array(QualityTable).optional(),
  compression: z.array(CompressionRow).optional(),
  speed: z
    .strictObject({
      rows: z.array(SpeedRow),
      service: z.array(ServiceRow).optional(),
      absent: z.array(z.strictObject({ runtime: z.string(), reason: z.string() })),
    })
    .optional(),
  /** Tables of quality whose rows are other people's restorers too. */
  peers: z.array(QualityTable).optional(),
  engines: EnginesReport.optional(),
  distillation: z.array(DistillationTable).optional(),
});
export type Report = z.infer<typeof Report>;
