/**
 * What a step of each method costs against its least: a step of the student alone and a forward of the teacher for each
 * image that it is shown. On the released denoising student and teacher, one thread of the wasm engine:
 *
 *     node packages/trainer/scripts/bench-methods.ts [--batch 8] [--patch 64] [--rounds 9]
 *
 * A round times everything once, one after the other, so that a busy machine slows all alike; each figure is the median
 * of the rounds, each ratio the median of the rounds' ratios.
 */
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { drawWeights, infer, initialWeights, l1, Random, weightsOf } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { openEngine } from '../src/engine/index.ts';
import { uploadModel } from '../src/gradients/gradients.ts';
import { lossAndGradient } from '../src/gradients/loss-and-gradient.ts';
import { type MethodConfig, methodConfig, methodOf } from '../src/methods/index.ts';
import { loadModel } from '../src/model-file.ts';
import { Parameters } from '../src/parameters.ts';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '8' },
    patch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '9' },
  },
});
const [batch, patch, rounds] = [values.batch, values.patch, values.rounds].map(Number) as [
  number,
  number,
  number,
];
const models = path.join(import.meta.dirname, '../../../models/denoise');
const [student, teacher] = [
  await loadModel(path.join(models, 'small')),
  await loadModel(path.join(models, 'teacher')),
];
const engine = await openEngine('wasm');
const random = new Random(1);
const shape: [number, number, number, number] = [batch, patch, patch, 3];
const pixels = () =>
  tf.tensor4d(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.next()),
    shape,
  );
const patches = { degraded: pixels(), clean: pixels(), distance: l1 };
const uploaded = { graph: teacher.graph, weights: uploadModel(teacher) };

/** How many images each method shows the teacher. */
const shown: Partial<Record<MethodConfig['kind'], number>> = {
  scratch: 0,
  logits: 1,
  fitnet: 1,
  at: 1,
  fakd: 1,
  skd: 1,
  slkd: 2,
};
const kinds = Object.keys(shown) as MethodConfig['kind'][];
const work = new Map<string, () => Promise<unknown>>(kinds.map((kind) => [kind, step(kind)]));
work.set('teacher', async () => {
  const output = infer(teacher.graph, uploaded.weights, patches.degraded);
  await output.data();
  output.dispose();
});

const times = new Map([...work.keys()].map((name) => [name, [] as number[]]));
for (let round = -2; round < rounds; round++)
  for (const [name, run] of work) {
    const start = performance.now();
    await run();
    if (round >= 0) times.get(name)!.push(performance.now() - start);
  }

console.log(
  `${engine.description}; batch ${batch}, patch ${patch}; load ${os.loadavg()[0]!.toFixed(1)} on ${os.cpus().length} cores`,
);
console.log('| method | ms a step | least ms | ratio |\n|---|--:|--:|--:|');
const [alone, taught] = [times.get('scratch')!, times.get('teacher')!];
for (const kind of kinds) {
  const least = alone.map((time, round) => time + shown[kind]! * taught[round]!);
  const ratios = times.get(kind)!.map((time, round) => time / least[round]!);
  const cells = [median(times.get(kind)!).toFixed(0), median(least).toFixed(0), median(ratios).toFixed(2)];
  console.log(`| ${kind} | ${cells.join(' | ')} |`);
}

function step(kind: MethodConfig['kind']): () => Promise<unknown> {
  const { graph } = student;
  const method = methodOf(methodConfig.parse({ kind }), graph, [teacher.graph]);
  const parameters = new Parameters([...weightsOf(graph), ...method.auxiliaries]);
  const start = [initialWeights(graph, random), drawWeights(method.auxiliaries, random)];
  const weights = parameters.flatten(new Map(start.flatMap((weights) => [...weights])));
  const gradient = new Float32Array(parameters.count);
  return () => lossAndGradient(method, { graph, parameters, weights }, [uploaded], patches, gradient);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
