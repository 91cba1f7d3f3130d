/** `pnpm bench`: measures a model on clean photographs and writes the report as JSON and Markdown. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Model, PellucidError, Random } from '@pellucid/core';
import {
  isImageFile,
  loadModel,
  openEngine,
  proceduralPhotograph,
  readImage,
  runCommand,
} from '@pellucid/trainer';
import { defineCommand } from 'citty';
import { bench, type Source } from './bench.ts';
import { toMarkdown } from './report.ts';

const command = defineCommand({
  meta: {
    name: 'pnpm bench',
    description: 'Measure quality, compression and speed of a model on clean photographs.',
  },
  args: {
    data: {
      type: 'string',
      description: 'Folder of clean photographs; without it eight are drawn from the seed.',
    },
    model: { type: 'string', default: 'models/denoise/small', description: 'Model file or folder.' },
    teacher: {
      type: 'string',
      default: 'models/denoise/teacher',
      description: 'What the model is compared with.',
    },
    sigma: { type: 'string', default: '25', description: 'Noise level, in 8-bit units.' },
    seed: { type: 'string', default: '0', description: 'Seed of the noise.' },
    engine: { type: 'string', default: 'auto', description: 'Engine to compute with.' },
    out: { type: 'string', default: 'runs/bench', description: 'Folder for report.json and report.md.' },
  },
  async run({ args }) {
    const sigma = numberFrom('sigma', args.sigma, (value) => value >= 0 && value <= 255);
    const seed = numberFrom('seed', args.seed, Number.isInteger);
    const sources = args.data === undefined ? drawn(8, seed) : await photographsIn(args.data);
    const model = await loadModel(args.model);
    const teacher = await loadTeacher(args.teacher, args.model);
    const engine = await openEngine(args.engine);
    console.log(`${model.name} on ${engine.description}, ${sources.length} photographs, sigma ${sigma}`);

    const report = await bench(sources, {
      command: commandFor(args),
      engine: engine.name,
      model,
      teacher,
      data: args.data === undefined ? 'procedural photographs' : path.basename(path.resolve(args.data)),
      degradation: { kind: 'gaussian-noise', sigma },
      seed,
      onImage: ({ file, input, output }, done) =>
        console.log(
          `${String(done).padStart(4)}/${sources.length}  ${file}  ${input.psnr.toFixed(2)} -> ${output.psnr.toFixed(2)} dB`,
        ),
    });

    const markdown = toMarkdown(report);
    await mkdir(args.out, { recursive: true });
    await writeFile(path.join(args.out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
    await writeFile(path.join(args.out, 'report.md'), markdown);
    console.log(
      `\n${markdown.split('\n| photograph')[0]}\nThe whole report: ${path.join(args.out, 'report.md')} and report.json`,
    );
  },
});

function drawn(count: number, seed: number): Source[] {
  return Array.from({ length: count }, (_, index) => ({
    file: `drawn-${index + 1}`,
    read: async () => proceduralPhotograph(256, new Random(seed).fork(`photograph ${index}`)),
  }));
}

async function photographsIn(folder: string): Promise<Source[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause) => {
    throw new PellucidError('bench/no-folder', `There is no folder of photographs at ${folder}.`, { cause });
  });
  const files = entries.filter(isImageFile).sort();
  if (files.length === 0) throw new PellucidError('bench/no-photographs', `${folder} holds no photographs.`);
  return files.map((file) => ({ file, read: () => readImage(path.join(folder, file)) }));
}

/** A model is not compared with itself, and a report on one that has no teacher still says all the rest. */
async function loadTeacher(teacher: string, model: string): Promise<Model | undefined> {
  if (path.resolve(teacher) === path.resolve(model) || teacher === 'none') return undefined;
  return loadModel(teacher);
}

function numberFrom(flag: string, text: string, valid: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !valid(value))
    throw new PellucidError('cli/usage', `--${flag} cannot be "${text}".`);
  return value;
}

/** The command line that makes the report again. */
function commandFor(args: {
  data?: string;
  model: string;
  teacher: string;
  sigma: string;
  seed: string;
}): string {
  const flags = (['data', 'model', 'teacher', 'sigma', 'seed'] as const)
    .filter((name) => args[name] !== undefined)
    .map((name) => `--${name} ${args[name]}`);
  return `pnpm bench ${flags.join(' ')}`;
}

await runCommand(command);
