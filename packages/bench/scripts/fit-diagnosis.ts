/**
 * Fits what `diagnose` of core decides by, writes it to packages/core/src/diagnose, numbers alone, and prints how often
 * it is right on other photographs.
 *
 *   node packages/bench/scripts/fit-diagnosis.ts --train FOLDER[,FOLDER ...] --test FOLDER[,FOLDER ...] [--keep]
 *
 * Teaches with every photograph of the folders of `--train`, scaled down 1.4 to 2.5 times so that the JPEG their files
 * went through is gone, clean and under each degradation of diagnosis-samples.ts. A fifth of them is held aside to choose
 * the threshold: 0.85, or more where more than the share `--alarms` (default 0.02) of the clean ones is accused. Tests with
 * every photograph of `--test` as it is. Of a folder of pairs, both teach and test as they are: `norain`, `ground_truth`,
 * `mean` and `sharp` are taken for clean, and `rainy`, `rainy_image`, `real` and `blur` are what they are called. `--keep`
 * tests what the repository holds, and fits nothing. What it holds was taught by BSDS500_train (67 of whose scenes are
 * Rain100L's, there at full size), BSDS500_test, photos_cc0 and the pairs that recipes/derain-small-light.yml is trained on, among
 * which are scenes that are held aside here.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FINDINGS, type Finding, Random } from '@pellucid/core';
import { FARTHEST, type Perceptron, perceive, standardised } from '../../core/src/diagnose/classifier.ts';
import { interpret } from '../../core/src/diagnose/diagnose.ts';
import { diagnosisModel } from '../../core/src/diagnose/diagnosis-model.ts';
import { diagnosticFeatures } from '../../core/src/diagnose/features.ts';
import { type Bytes, photographs, piece, type Sample, shrunk, spoilt } from './diagnosis-samples.ts';

const UNITS = 48;
const STEPS = 2000;
const RATE = 0.01;
const DECAY = 1e-3;
const SIDE = 384;
/** Of a photograph as large as cameras take them, taught as clean as they are: soft, that is, without being blurred. */
const PIECES = 24;
/** The least threshold: photographs of other kinds than the teaching ones are accused more often than these. */
const CAUTIOUS = 0.85;

/** What the parts of folders of pairs show. */
const PARTS: Record<string, Finding> = {
  norain: 'none',
  ground_truth: 'none',
  mean: 'none',
  sharp: 'none',
  rainy: 'rain',
  rainy_image: 'rain',
  real: 'noise',
  blur: 'blur',
};

type Example = Omit<Sample, 'image'> & { features: number[]; weight: number };

const { values } = parseArgs({
  options: {
    train: { type: 'string', default: '' },
    test: { type: 'string' },
    alarms: { type: 'string', default: '0.02' },
    keep: { type: 'boolean', default: false },
  },
});
if (values.test === undefined || (values.train === '' && !values.keep)) {
  console.error(
    'Name folders of photographs with --train and --test, or test what there is with --keep and --test.',
  );
  process.exit(2);
}
const random = new Random('diagnosis');
const model = values.keep ? diagnosisModel : await fitted(values.train.split(','), Number(values.alarms));
if (!values.keep) write(model);
await report(values.test.split(','));

async function fitted(folders: string[], alarms: number): Promise<typeof diagnosisModel> {
  const [lessons, aside]: [Example[], Example[]] = [[], []];
  let count = 0;
  for (const folder of folders)
    for await (const { file, image } of photographs(folder)) {
      const shown = PARTS[partOf(file)];
      if (shown) {
        const lesson = example({ image, finding: shown, kind: partOf(file) });
        // One photograph stands there under several rains.
        lessons.push(shown === 'none' ? lesson : { ...lesson, weight: 0.5 });
        continue;
      }
      const stream = random.fork(file);
      const large = image.width * image.height > 2e6;
      const [low, high] = large ? [2, 4] : [1.4, 2.5];
      for (let i = 0; large && i < PIECES; i++)
        lessons.push(
          example({ image: piece(image, SIDE, stream), finding: 'none', kind: 'clean, at full size' }),
        );
      for (let copy = 0; copy < (large ? 6 : 1); copy++)
        for await (const sample of spoilt(shrunk(image, stream.uniform(low, high), SIDE), stream))
          (count % 5 === 4 ? aside : lessons).push(example(sample));
      process.stderr.write(`\r${++count} photographs`);
    }
  console.log(
    `${lessons.length} examples teach, ${aside.length} choose the threshold; of ${count} photographs.`,
  );
  const perceptron = fit(lessons);
  const accused = aside
    .filter(({ finding }) => finding === 'none')
    .map(({ features }) => interpret(perceive(features, perceptron), 0))
    .map(({ probabilities, finding }) => (finding === 'none' ? 0 : probabilities[finding]))
    .sort((a, b) => b - a);
  const enough = Math.ceil(100 * accused[Math.floor(alarms * accused.length)]!) / 100;
  return { ...perceptron, threshold: Math.max(CAUTIOUS, enough) };
}

/** The folder a photograph lies in, if any, within the one that was named. */
function partOf(file: string): string {
  return file.split('/').at(-2) ?? '';
}

function example({ image, ...rest }: Sample): Example {
  // A clean photograph left alone is what matters most.
  return { ...rest, features: diagnosticFeatures(image), weight: rest.finding === 'none' ? 1.3 : 1 };
}

/** By Adam on all examples at once: cross entropy, and squared errors of log sigma and quality where they are known. */
function fit(examples: Example[]): Perceptron {
  const width = examples[0]!.features.length;
  const column = (i: number) => examples.map(({ features }) => features[i]!);
  const mean = Array.from({ length: width }, (_, i) => average(column(i)));
  const deviation = mean.map((middle, i) =>
    Math.max(1e-3, Math.sqrt(average(column(i).map((value) => (value - middle) ** 2)))),
  );
  const inputs = examples.map(({ features }) => standardised(features, { mean, deviation }));
  const outs = FINDINGS.length + 2;
  const stream = random.fork('weights');
  const hidden = new Float64Array(UNITS * (width + 1)).map(() => stream.normal() / Math.sqrt(width));
  const output = new Float64Array(outs * (UNITS + 1)).map(() => stream.normal() / Math.sqrt(UNITS));
  const layers = [hidden, output].map((weights) => ({
    weights,
    gradient: weights.slice(),
    first: new Float64Array(weights.length),
    second: new Float64Array(weights.length),
  }));
  const total = examples.reduce((sum, { weight }) => sum + weight, 0);
  const units = new Float64Array(UNITS);
  const results = new Float64Array(outs);
  const back = new Float64Array(outs);
  for (let step = 1; step <= STEPS; step++) {
    for (const { gradient, weights } of layers)
      for (let i = 0; i < weights.length; i++) gradient[i] = DECAY * weights[i]!;
    let loss = 0;
    for (const [n, { finding, sigma, quality, weight }] of examples.entries()) {
      const x = inputs[n]!;
      for (let u = 0; u < UNITS; u++) {
        const row = u * (width + 1);
        let sum = hidden[row + width]!;
        for (let i = 0; i < width; i++) sum += hidden[row + i]! * x[i]!;
        units[u] = Math.tanh(sum);
      }
      let most = Number.NEGATIVE_INFINITY;
      for (let o = 0; o < outs; o++) {
        const row = o * (UNITS + 1);
        let sum = output[row + UNITS]!;
        for (let u = 0; u < UNITS; u++) sum += output[row + u]! * units[u]!;
        results[o] = sum;
        if (o < FINDINGS.length && sum > most) most = sum;
      }
      let partition = 0;
      for (let o = 0; o < FINDINGS.length; o++) partition += Math.exp(results[o]! - most);
      const right = FINDINGS.indexOf(finding);
      for (let o = 0; o < FINDINGS.length; o++) {
        const share = Math.exp(results[o]! - most) / partition;
        back[o] = (weight / total) * (share - (o === right ? 1 : 0));
        if (o === right) loss -= (weight / total) * Math.log(share);
      }
      back[FINDINGS.length] = sigma === undefined ? 0 : (results[FINDINGS.length]! - Math.log(sigma)) / total;
      back[FINDINGS.length + 1] =
        quality === undefined ? 0 : (0.1 * (results[FINDINGS.length + 1]! - quality / 10)) / total;
      const [inner, outer] = [layers[0]!.gradient, layers[1]!.gradient];
      for (let u = 0; u < UNITS; u++) {
        let sum = 0;
        for (let o = 0; o < outs; o++) {
          const at = o * (UNITS + 1) + u;
          sum += back[o]! * output[at]!;
          outer[at]! += back[o]! * units[u]!;
        }
        sum *= 1 - units[u]! ** 2;
        const row = u * (width + 1);
        for (let i = 0; i < width; i++) inner[row + i]! += sum * x[i]!;
        inner[row + width]! += sum;
      }
      for (let o = 0; o < outs; o++) outer[o * (UNITS + 1) + UNITS]! += back[o]!;
    }
    const rate = RATE * Math.min(1, step / 50) * (0.02 + 0.98 * (1 - step / STEPS));
    for (const { weights, gradient, first, second } of layers)
      for (let i = 0; i < weights.length; i++) {
        first[i] = 0.9 * first[i]! + 0.1 * gradient[i]!;
        second[i] = 0.999 * second[i]! + 0.001 * gradient[i]! ** 2;
        const unbiased = Math.sqrt(second[i]! / (1 - 0.999 ** step));
        weights[i]! -= (rate * first[i]!) / (1 - 0.9 ** step) / (unbiased + 1e-8);
      }
    if (step % 500 === 0) console.log(`step ${step}: cross entropy ${loss.toFixed(4)}`);
  }
  const rows = (weights: Float64Array, length: number) =>
    Array.from({ length: weights.length / length }, (_, row) =>
      Array.from(weights.subarray(row * length, (row + 1) * length), short),
    );
  return {
    mean: mean.map(short),
    deviation: deviation.map(short),
    hidden: rows(hidden, width + 1),
    output: rows(output, UNITS + 1),
  };
}

/** Prints, on photographs as they are, what is found of each kind, and the false alarms of each set. */
async function report(folders: string[]): Promise<void> {
  const counts = new Map<string, { truth: Finding; found: Finding[] }>();
  const [sigmas, qualities, times]: [number[], number[], number[]] = [[], [], []];
  const alarms: string[] = [];
  for (const folder of folders) {
    const set = basename(folder);
    for await (const { file, image } of photographs(folder)) {
      const samples: Sample[] = [];
      const shown = PARTS[partOf(file)];
      if (shown)
        samples.push({ image, finding: shown, kind: shown === 'none' ? 'clean' : `${set}, ${partOf(file)}` });
      else for await (const sample of spoilt(image, random.fork(`test ${file}`))) samples.push(sample);
      for (const sample of samples) {
        const start = process.cpuUsage();
        const features = diagnosticFeatures(sample.image);
        const milliseconds = process.cpuUsage(start).user / 1000;
        times.push((milliseconds * 2 ** 18) / Math.min(2 ** 18, pixels(sample.image)));
        const { finding, sigma, quality } = interpret(perceive(features, model), model.threshold);
        const kinds = sample.finding === 'none' ? [sample.kind, `${sample.kind}: ${set}`] : [sample.kind];
        for (const kind of kinds) {
          const row = counts.get(kind) ?? { truth: sample.finding, found: [] };
          counts.set(kind, row);
          row.found.push(finding);
        }
        if (sample.kind === 'clean' && finding !== 'none') alarms.push(`${set}/${file}: ${finding}`);
        if (sample.sigma !== undefined && finding === 'noise')
          sigmas.push(Math.abs(sigma / sample.sigma - 1));
        if (sample.quality !== undefined && finding === 'jpeg')
          qualities.push(Math.abs(quality - sample.quality));
      }
    }
  }
  console.log(`\nThreshold ${model.threshold}, inputs cut at ${FARTHEST} deviations.\n`);
  console.log(
    `| shown | n | right | ${FINDINGS.join(' | ')} |\n|---|---:|---:|${FINDINGS.map(() => '---:|').join('')}`,
  );
  const order = ([, a]: [string, { truth: Finding }], [, b]: [string, { truth: Finding }]) =>
    FINDINGS.indexOf(a.truth) - FINDINGS.indexOf(b.truth);
  const whole = FINDINGS.map((truth): [string, { truth: Finding; found: Finding[] }] => [
    `**${truth}**`,
    {
      truth,
      found: [...counts]
        .filter(([kind, row]) => row.truth === truth && !kind.includes(': '))
        .flatMap(([, row]) => row.found),
    },
  ]);
  for (const [kind, { truth, found }] of [...counts].sort(order).concat(whole)) {
    const share = (finding: Finding) => found.filter((one) => one === finding).length / found.length;
    const cells = FINDINGS.map((finding) => percent(share(finding)));
    console.log(`| ${kind} | ${found.length} | ${percent(share(truth))} | ${cells.join(' | ')} |`);
  }
  console.log(
    `\nSigma is off by ${percent(median(sigmas))} in the middle, quality by ${median(qualities).toFixed(0)}.`,
  );
  console.log(`Features of 2^18 pixels take ${median(times).toFixed(1)} ms of processor time in the middle.`);
  console.log(`\nClean, but accused:\n${alarms.map((line) => `- ${line}`).join('\n')}`);
}

function pixels({ width, height }: Bytes): number {
  return width * height;
}

function average(list: number[]): number {
  return list.reduce((sum, value) => sum + value) / list.length;
}

function median(list: number[]): number {
  return list.sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function short(value: number): number {
  return Number(value.toPrecision(5));
}

function write(fitted: typeof diagnosisModel): void {
  const path = fileURLToPath(new URL('../../core/src/diagnose/diagnosis-model.ts', import.meta.url));
  writeFileSync(
    path,
    `/** Written by packages/bench/scripts/fit-diagnosis.ts. */
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: fitted numbers are near constants by chance
// biome-ignore-all format: a line for each unit
import type { Perceptron } from './classifier.ts';

export const diagnosisModel: Perceptron & {
  /** How probable a degradation must be to be found. */
  threshold: number;
} = ${JSON.stringify(fitted).replaceAll('],', '],\n')};
`,
  );
}
