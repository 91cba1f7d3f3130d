/** One student of a comparison: trained unless it was, measured unless it was, and both kept in its folder. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Model, PellucidError } from '@pellucid/core';
import {
  type CacheOptions,
  fingerprintOf,
  formatRecipe,
  loadModel,
  loadTeachers,
  metricsLog,
  type Observer,
  openParallelGradients,
  type Recipe,
  release,
  type TrainingData,
  train,
  writeAtomically,
} from '@pellucid/trainer';
import { modelCandidate } from '../candidate.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { type Condition, describeCondition } from '../datasets/protocol.ts';
import { measureDataset } from '../measure.ts';
import { Measured } from './table.ts';

export interface TrainingSetup {
  data: TrainingData;
  workers: number;
  cache: CacheOptions;
  signal: AbortSignal;
}

/** The folder of a run: of its recipe's text, so that another recipe never finds it. */
export function runFolder(runs: string, row: string, recipe: Recipe): string {
  const text = formatRecipe(recipe);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return path.join(runs, recipe.name, `${row}-${recipe.seed}-${hash}`);
}

/**
 * Trains the student, or goes on from the checkpoint of a bench that was stopped.
 *
 * @throws PellucidError `bench/stopped` when the signal came, after a checkpoint; whatever `train` throws
 */
export async function trainStudent(
  folder: string,
  recipe: Recipe,
  { data, workers, cache, signal }: TrainingSetup,
): Promise<void> {
  if (existsSync(modelFile(folder))) return;
  const teachers = await loadTeachers(recipe);
  const gradients = await openParallelGradients(recipe, teachers, { engine: 'wasm', workers, cache });
  const log = metricsLog(path.join(folder, 'metrics.jsonl'));
  const observe: Observer = (event) => {
    log(event);
    if (event.kind === 'scalars' && event.step % 200 === 0)
      console.log(`  step ${event.step} of ${recipe.steps}`);
  };
  const resume = existsSync(path.join(folder, 'checkpoints'));
  const result = await train({ recipe, data, teachers, gradients, folder, resume, signal, observe });
  if (!result)
    throw new PellucidError('bench/stopped', 'Stopped, with a checkpoint: the same command goes on from it.');
  await release(folder, result, recipe, teachers[0]);
}

/** PSNR and SSIM of the student on a set, averaged over its images. */
export async function measureStudent(
  folder: string,
  dataset: Dataset,
  condition: Condition,
  seed: number,
): Promise<Measured> {
  return measureOnce(folder, () => loadModel(modelFile(folder)), dataset, condition, seed);
}

/** The same of a teacher, kept in a folder of its own below `runs`. */
export async function measureTeacher(
  runs: string,
  teacher: Model,
  dataset: Dataset,
  condition: Condition,
  seed: number,
): Promise<Measured> {
  const folder = path.join(runs, 'teachers', fingerprintOf(teacher).slice(0, 10));
  return measureOnce(folder, async () => teacher, dataset, condition, seed);
}

async function measureOnce(
  folder: string,
  load: () => Promise<Model>,
  dataset: Dataset,
  condition: Condition,
  seed: number,
): Promise<Measured> {
  const name = `${dataset.protocol.folder}-${describeCondition(condition)}-${dataset.samples.length}-${seed}`;
  const file = path.join(folder, 'measured', `${name.replace(/\W+/g, '-')}.json`);
  if (existsSync(file)) return Measured.parse(JSON.parse(await readFile(file, 'utf8')));
  const measured = await measure(await load(), dataset, condition, seed);
  await writeAtomically(file, `${JSON.stringify(measured)}\n`);
  return measured;
}

async function measure(
  model: Model,
  dataset: Dataset,
  condition: Condition,
  seed: number,
): Promise<Measured> {
  const candidate = modelCandidate(model);
  const { rows, input } = await measureDataset([candidate], dataset, condition, { seed });
  const { output } = rows[0]!;
  return {
    psnr: output.psnr.mean!,
    ssim: output.ssim.mean!,
    input: { psnr: input.psnr.mean!, ssim: input.ssim.mean! },
  };
}

const modelFile = (folder: string) => path.join(folder, 'model', 'model.safetensors');
