/** What a benchmark says: one versioned JSON shape, and the same as Markdown for people and CI summaries. */
import { z } from 'zod';

const quality = z.strictObject({
  /** In dB; null where nothing differs, since JSON has no infinity. */
  psnr: z.number().nullable(),
  ssim: z.number(),
});

export const Report = z.strictObject({
  schema: z.literal('pellucid-bench/1'),
  /** The command that makes this report again. */
  command: z.string(),
  machine: z.strictObject({ node: z.string(), cpu: z.string(), engine: z.string() }),
  model: z.strictObject({ name: z.string(), task: z.string() }),
  protocol: z.strictObject({
    data: z.string(),
    images: z.int(),
    degradation: z.string(),
    seed: z.int(),
    metric: z.string(),
  }),
  images: z.array(
    z.strictObject({ file: z.string(), width: z.int(), height: z.int(), input: quality, output: quality }),
  ),
  /** Files that could not be measured, and why. */
  skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
  mean: z.strictObject({ input: quality, output: quality }),
  compression: z.strictObject({
    parameters: z.int(),
    macsPerPixel: z.number(),
    teacher: z
      .strictObject({
        name: z.string(),
        parameters: z.int(),
        macsPerPixel: z.number(),
        /** 1 - student / teacher. */
        parametersCut: z.number(),
        macsCut: z.number(),
      })
      .optional(),
  }),
  /** Restoring alone, without decoding and encoding: the whole set's time over the whole set's pixels. */
  speed: z.strictObject({ millisecondsPerMegapixel: z.number() }),
});

export type Report = z.infer<typeof Report>;

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const decibels = (value: number | null) => value?.toFixed(2) ?? 'no difference';
const similarity = (value: number) => value.toFixed(4);

export function toMarkdown(report: Report): string {
  const { model, protocol, mean, compression, speed, machine } = report;
  const { teacher } = compression;
  const rows = report.images.map(
    ({ file, width, height, input, output }) =>
      `| ${file} | ${width}x${height} | ${decibels(input.psnr)} | ${decibels(output.psnr)} | ${similarity(input.ssim)} | ${similarity(output.ssim)} |`,
  );
  return `${[
    `# ${model.name} on ${protocol.data}`,
    '',
    `${protocol.degradation}, seed ${protocol.seed}; ${protocol.metric}; ${protocol.images} photographs.`,
    '',
    '| | PSNR (dB) | SSIM |',
    '|---|---|---|',
    `| input | ${decibels(mean.input.psnr)} | ${similarity(mean.input.ssim)} |`,
    `| **restored** | **${decibels(mean.output.psnr)}** | **${similarity(mean.output.ssim)}** |`,
    '',
    '| | parameters | MACs per pixel |',
    '|---|---|---|',
    ...(teacher
      ? [`| ${teacher.name} | ${count(teacher.parameters)} | ${count(teacher.macsPerPixel)} |`]
      : []),
    `| ${model.name} | ${count(compression.parameters)} | ${count(compression.macsPerPixel)} |`,
    ...(teacher ? [`| cut | ${percent(teacher.parametersCut)} | ${percent(teacher.macsCut)} |`] : []),
    '',
    `${count(speed.millisecondsPerMegapixel)} ms per megapixel, restoring alone (${machine.engine}; Node ${machine.node}; ${machine.cpu}).`,
    '',
    '| photograph | size | PSNR in | PSNR out | SSIM in | SSIM out |',
    '|---|---|---|---|---|---|',
    ...rows,
    ...(report.skipped.length > 0
      ? ['', 'Not measured:', '', ...report.skipped.map(({ file, reason }) => `- ${file}: ${reason}`)]
      : []),
    '',
    `Made by \`${report.command}\`.`,
  ].join('\n')}\n`;
}
