/**
 * Fits what Pellucid judges images by without a reference: the regressor of its quality score and its model of good
 * photographs, which are written to packages/core/src/metrics, numbers alone. Prints how well they do on other images.
 *
 *   node packages/bench/scripts/fit-quality-score.ts --test FOLDER --live FOLDER [--train FOLDER]
 *
 * Teaches with photographs spread over the folder `--train`, or with procedural pictures where none is named, each clean
 * and under every distortion of distortions.ts at random strengths. The target is 100 (1 - MS-SSIM)^(1/3), on Y, to the
 * clean image. `--live` holds the LIVE BRISQUE model (`allmodel`, `allrange`), which takes no part in the fit. What the
 * repository holds was taught by BSDS500's training photographs.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brisqueFeatures, brisqueScore, msSsim, Random, readSupportVectorModel } from '@pellucid/core';
import { isImageFile, proceduralPhotograph, readImage } from '@pellucid/trainer';
import { choleskySolve } from '../../core/src/metrics/cholesky.ts';
import { type FeatureModel, featureModel } from '../../core/src/metrics/feature-model.ts';
import { type KernelRegressor, regress } from '../../core/src/metrics/kernel-regressor.ts';
import { blockFeatures, naturalnessDistance } from '../../core/src/metrics/naturalness.ts';
import { type Bytes, distort, distortions } from './distortions.ts';

const images = { train: 70, test: 24 };
const regressor = { vectors: 64, gamma: 0.1, ridge: 1e-4 };
const random = new Random('quality score');

interface Sample {
  image: Bytes;
  features: number[];
  target: number;
}

const { values: folders } = parseArgs({
  options: { train: { type: 'string' }, test: { type: 'string' }, live: { type: 'string' } },
});
if (folders.test === undefined || folders.live === undefined) {
  console.error('Name a folder of photographs with --test and that of the LIVE BRISQUE model with --live.');
  process.exit(2);
}

const pictures =
  folders.train === undefined ? drawn(images.train) : await photographs(folders.train, images.train);
const lessons: Sample[] = [];
for (const [index, picture] of pictures.entries()) lessons.push(...(await spoilt(picture, `train ${index}`)));
const quality = fit(lessons);
const pristine = featureModel(pictures.flatMap(blockFeatures));
write('quality-model', 'qualityModel', 'KernelRegressor', 'kernel-regressor', quality);
write('pristine-model', 'pristineModel', 'FeatureModel', 'feature-model', {
  mean: pristine.mean.map(short),
  covariance: pristine.covariance.map((row, i) => row.slice(0, i + 1).map(short)),
} satisfies FeatureModel);

const svm = readSupportVectorModel(
  readFileSync(join(folders.live, 'allmodel'), 'utf8'),
  readFileSync(join(folders.live, 'allrange'), 'utf8'),
);
const tests: Sample[] = [];
for (const [index, picture] of (await photographs(folders.test, images.test)).entries())
  tests.push(...(await spoilt(picture, `test ${index}`)));
const columns = {
  target: tests.map(({ target }) => target),
  'LIVE BRISQUE': tests.map(({ features }) => brisqueScore(features, svm)),
  'quality score': tests.map(({ features }) => regress(quality, features)),
  naturalness: tests.map(({ image }) => naturalnessDistance(image, pristine)),
};
console.log(
  `${lessons.length} images made of ${pictures.length} teach, ${tests.length} made of ${images.test} test.\n`,
);
console.log('| | | Pearson | Spearman |\n|---|---|---:|---:|');
for (const [one, other] of [
  ['quality score', 'LIVE BRISQUE'],
  ['quality score', 'target'],
  ['naturalness', 'LIVE BRISQUE'],
  ['naturalness', 'target'],
  ['LIVE BRISQUE', 'target'],
] as const) {
  const [a, b] = [columns[one], columns[other]];
  console.log(
    `| ${one} | ${other} | ${pearson(a, b).toFixed(3)} | ${pearson(ranks(a), ranks(b)).toFixed(3)} |`,
  );
}

/** `count` photographs spread over a folder. */
async function photographs(folder: string, count: number): Promise<Bytes[]> {
  const files = readdirSync(folder).filter(isImageFile).sort();
  const chosen = files.filter(
    (_, i) => Math.floor((i * count) / files.length) !== Math.floor(((i - 1) * count) / files.length),
  );
  return (await Promise.all(chosen.map((file) => readImage(join(folder, file))))) as Bytes[];
}

function drawn(count: number): Bytes[] {
  return Array.from(
    { length: count },
    (_, i) => proceduralPhotograph(384, random.fork(`picture ${i}`)) as Bytes,
  );
}

/** A clean image, itself and distorted: single distortions, which span the widest range, twice. */
async function spoilt(clean: Bytes, name: string): Promise<Sample[]> {
  const stream = random.fork(name);
  const samples = [sample(clean, clean)];
  for (const distortion of [...distortions, ...distortions.filter((one) => !one.includes('+'))]) {
    samples.push(sample(await distort(clean, distortion, stream), clean));
  }
  return samples;
}

function sample(image: Bytes, clean: Bytes): Sample {
  const similarity = msSsim(image, clean, { channel: 'Y', crop: 0, round: false });
  return { image, features: brisqueFeatures(image), target: 100 * Math.cbrt(Math.max(0, 1 - similarity)) };
}

/** Kernel ridge regression on a random subset of the samples as vectors (Nystrom's method). */
function fit(samples: Sample[]): KernelRegressor {
  const column = (i: number) => samples.map(({ features }) => features[i]!);
  const lower = samples[0]!.features.map((_, i) => short(Math.min(...column(i))));
  const upper = samples[0]!.features.map((_, i) => short(Math.max(...column(i))));
  const scaled = samples.map(({ features }) =>
    features.map((value, i) => -1 + (2 * (value - lower[i]!)) / (upper[i]! - lower[i]!)),
  );
  const { gamma } = regressor;
  const stream = random.fork('vectors');
  const vectors = Array.from({ length: regressor.vectors }, () =>
    scaled[stream.integer(scaled.length)]!.map((value) => Math.round(1000 * value) / 1000),
  );
  const kernel = (a: number[], b: number[]) =>
    Math.exp(-gamma * a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
  const rows = scaled.map((features) => vectors.map((vector) => kernel(features, vector)));
  const offset = samples.reduce((sum, { target }) => sum + target, 0) / samples.length;
  const normal = vectors.map((vector, i) =>
    vectors.map((other, j) => {
      const products = rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / rows.length;
      return products + regressor.ridge * kernel(vector, other) + (i === j ? 1e-10 : 0);
    }),
  );
  const right = vectors.map(
    (_, i) => rows.reduce((sum, row, k) => sum + row[i]! * (samples[k]!.target - offset), 0) / rows.length,
  );
  const coefficients = choleskySolve(normal, right).map((value) => Math.round(100 * value) / 100);
  return { gamma, offset: short(offset), lower, upper, vectors, coefficients };
}

function short(value: number): number {
  return Number(value.toPrecision(7));
}

function write(file: string, name: string, type: string, from: string, value: unknown) {
  const path = fileURLToPath(new URL(`../../core/src/metrics/${file}.ts`, import.meta.url));
  writeFileSync(
    path,
    `/** Written by packages/bench/scripts/fit-quality-score.ts. */
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: fitted numbers are near constants by chance
import type { ${type} } from './${from}.ts';

export const ${name}: ${type} = ${JSON.stringify(value)};
`,
  );
  execFileSync('node_modules/.bin/biome', ['format', '--write', path]);
}

function pearson(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - meanA) * (b[i]! - meanB)));
  const deviation = (values: number[], middle: number) =>
    Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  return covariance / (deviation(a, meanA) * deviation(b, meanB));
}

/** The rank of each value; equal ones share the mean of theirs. */
function ranks(values: number[]): number[] {
  const count = (holds: (other: number) => boolean) => values.filter(holds).length;
  return values.map((value) => count((other) => other < value) + count((other) => other === value) / 2);
}
