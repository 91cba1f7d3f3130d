import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  buildNetwork,
  deepen,
  drawWeights,
  fold,
  type Graph,
  initialWeights,
  type Model,
  PellucidError,
  Random,
  unfold,
  type Weight,
  type Weights,
  type WeightTensors,
  weightsOf,
  widen,
} from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { writeAtomically } from './atomic-file.ts';
import {
  loadNewestCheckpoint,
  refuseOtherRecipe,
  removeUnfinished,
  saveCheckpoint,
  type TrainingState,
} from './checkpoint.ts';
import type { Pairs } from './data/index.ts';
import type { Observer } from './events.ts';
import { type Gradients, LocalGradients, uploadModel } from './gradients/gradients.ts';
import type { Teacher } from './graph-model-teacher.ts';
import { loadModel } from './model-file.ts';
import { averageWeights } from './optimiser/average.ts';
import { clipByGlobalNorm } from './optimiser/clip.ts';
import { learningRateAt } from './optimiser/schedule.ts';
import { takeStep } from './optimiser/step.ts';
import { Parameters } from './parameters.ts';
import { RecentMeans } from './recent-means.ts';
import { formatRecipe, networkOf, type Recipe, trainingGraph } from './recipe.ts';
import { methodFor, restoringNetwork } from './teachers.ts';
import type { TrainingData } from './training-data.ts';
import { degradedPsnr, restoredPsnr } from './validate.ts';

export interface TrainingOptions {
  recipe: Recipe;
  data: TrainingData;
  /** The recipe's teacher, then any that its method names: `loadTeachers`. None unless given. */
  teachers?: readonly Teacher[];
  /** What computes the gradients: the current backend in this thread unless given. Closed when the run ends. */
  gradients?: Gradients;
  /** The run's folder, which gets the recipe and `checkpoints`. New or empty, unless `resume` is set. */
  folder: string;
  /** Continue from the newest checkpoint in the folder. */
  resume?: boolean;
  /** Stops the run after the step at hand, with a checkpoint. */
  signal?: AbortSignal | undefined;
  observe?: Observer;
}

export interface TrainingResult {
  /** The student with the moving average of its weights. */
  model: Model;
  /** Mean PSNR in dB over the validation images: of the input, of the model's output, and of the teacher's. */
  psnr: { degraded: number; restored: number; teacher?: number };
}

/**
 * Trains a student on the current TensorFlow.js backend.
 *
 * Everything random follows from the recipe's seed and the number of the step, so a run continued from a checkpoint
 * ends, bit for bit, where an unbroken one would.
 *
 * @returns undefined when the signal stopped the run before its last step
 * @throws PellucidError `train/diverged` when the loss stops being a number; `checkpoint/none`,
 *   `checkpoint/other-recipe`, `checkpoint/other-teacher` on resuming; `train/other-network`, `file/not-written`, and what `methodFor` throws
 */
export async function train(options: TrainingOptions): Promise<TrainingResult | undefined> {
  const gradients = options.gradients ?? new LocalGradients(options.recipe, options.teachers ?? []);
  try {
    return await loop(options, gradients);
  } finally {
    await gradients.close();
  }
}

async function loop(options: TrainingOptions, gradients: Gradients): Promise<TrainingResult | undefined> {
  const { recipe, data, teachers = [], folder, resume = false, signal, observe = () => {} } = options;
  const { optimiser, every, steps } = recipe;
  const random = new Random(recipe.seed);
  const network = networkOf(recipe.student);
  const graph = trainingGraph(recipe.student);
  const { auxiliaries } = methodFor(recipe, teachers);
  const parameters = new Parameters([...weightsOf(graph), ...auxiliaries]);
  const whole = restoringNetwork(recipe, graph, teachers);
  const checkpoints = path.join(folder, 'checkpoints');
  await removeUnfinished(checkpoints);

  const state = resume
    ? await continueFrom(checkpoints, recipe, parameters.count, observe)
    : startFrom(parameters.flatten(await firstWeights(recipe, graph, auxiliaries, random)));
  await writeAtomically(path.join(folder, 'recipe.yml'), formatRecipe(recipe));
  observe({ kind: 'start', step: state.step });
  const gradient = new Float32Array(parameters.count);
  const degraded = degradedPsnr(data.validation);
  const recent = new RecentMeans();
  let savedStep = resume ? state.step : -1;

  const save = async () => {
    if (savedStep === state.step) return;
    const file = await saveCheckpoint(checkpoints, state, recipe);
    savedStep = state.step;
    observe({ kind: 'checkpoint', step: state.step, file });
  };
  const measure = async (graph: Graph, weights: WeightTensors) => {
    const restored = await restoredPsnr(graph, weights, data.validation);
    tf.dispose(weights);
    return restored;
  };
  const validate = async (): Promise<number> => {
    const weights = new Map([...whole.weights, ...parameters.unflatten(state.average)]);
    const restored = await measure(whole.graph, uploadModel({ graph: whole.graph, weights }));
    observe({
      kind: 'scalars',
      step: state.step,
      values: { 'validation/psnr': restored, 'validation/psnr_degraded': degraded },
    });
    if (restored <= (state.best?.psnr ?? Number.NEGATIVE_INFINITY)) return restored;
    state.best = { step: state.step, psnr: restored };
    await save();
    return restored;
  };

  const upcoming: Promise<Pairs>[] = [];
  const nextBatch = (step: number): Promise<Pairs> => {
    const wanted = Math.min(1 + (data.ahead ?? 0), steps - step);
    while (upcoming.length < wanted) {
      const batch = data.batch(random.fork(`step ${step + upcoming.length}`));
      // It fails, if at all, when its step comes.
      batch.catch(() => {});
      upcoming.push(batch);
    }
    return upcoming.shift()!;
  };

  while (state.step < steps) {
    // Signals and timers get a turn only here: every engine call may have resolved at once.
    await nextTurn();
    if (signal?.aborted) return void (await save());
    const { step } = state;
    const batch = await nextBatch(step);
    const values = await gradients.compute(state.weights, batch, gradient);

    const norm = clipByGlobalNorm(gradient, optimiser.clip);
    if (!Number.isFinite(values.loss) || !Number.isFinite(norm)) throw diverged(step, checkpoints, savedStep);
    const learningRate = learningRateAt(step, { ...optimiser, steps });
    await takeStep(state, gradient, parameters, optimiser, learningRate, step);
    averageWeights(state.average, state.weights, optimiser.ema, step);
    state.step++;

    recent.add({ ...values, gradient_norm: norm, learning_rate: learningRate });
    observe({ kind: 'step', step: state.step, loss: values.loss! });
    if (state.step % every.log === 0) observe({ kind: 'scalars', step: state.step, values: recent.take() });
    if (state.step % every.validate === 0 && state.step < steps) await validate();
    if (state.step % every.checkpoint === 0) await save();
  }
  const restored = await validate();
  await save();
  // Of the student's weights alone: no node of its graph has an auxiliary.
  const weights = await fold(graph, parameters.unflatten(state.average));
  const [teacher] = teachers;
  const reference =
    teacher && !teacher.graphModel ? await measure(teacher.graph, uploadModel(teacher)) : undefined;
  const merges = recipe.method.kind === 'mtkd-aggregate' && { merges: teachers.map(({ name }) => name) };
  return {
    model: {
      name: recipe.name,
      task: recipe.task,
      network,
      ...merges,
      ...(recipe.before && { before: recipe.before }),
      graph: buildNetwork(network),
      weights,
    },
    psnr: { degraded, restored, ...(reference !== undefined && { teacher: reference }) },
  };
}

async function firstWeights(
  recipe: Recipe,
  graph: Graph,
  auxiliaries: readonly Weight[],
  random: Random,
): Promise<Weights> {
  const plain = await plainWeights(recipe, random.fork('weights'));
  const own = recipe.student.reparameterised ? await unfold(graph, plain, random.fork('branches')) : plain;
  return new Map([...own, ...drawWeights(auxiliaries, random.fork('auxiliaries'))]);
}

async function plainWeights(recipe: Recipe, random: Random): Promise<Weights> {
  const network = networkOf(recipe.student);
  if (recipe.student.init === undefined) return initialWeights(buildNetwork(network), random);
  const model = await loadModel(recipe.student.init);
  if (JSON.stringify(model.network) === JSON.stringify(network)) return model.weights;
  try {
    return widen(deepen(model, network, random), buildNetwork(network), random);
  } catch (cause) {
    throw new PellucidError(
      'train/other-network',
      `The student cannot start from ${recipe.student.init}: that model, ${JSON.stringify(model.network)}, is neither the student's network nor a narrower or shallower form of it.`,
      { cause },
    );
  }
}

function startFrom(weights: Float32Array): TrainingState {
  const zeros = () => new Float32Array(weights.length);
  return { step: 0, weights, first: zeros(), second: zeros(), average: weights.slice(), best: null };
}

async function continueFrom(
  checkpoints: string,
  recipe: Recipe,
  count: number,
  observe: Observer,
): Promise<TrainingState> {
  const note = (message: string) => observe({ kind: 'note', message });
  const saved = await loadNewestCheckpoint(checkpoints, note);
  refuseOtherRecipe(saved.recipe, recipe);
  if (saved.state.weights.length !== count)
    throw new PellucidError(
      'checkpoint/other-teacher',
      `The run was started with another model at ${recipe.teacher}, of other features: put that one back, or start a new run with --name.`,
    );
  note(`Continuing after step ${saved.state.step} of ${recipe.steps}.`);
  return saved.state;
}

function diverged(step: number, checkpoints: string, savedStep: number): PellucidError {
  const good =
    savedStep < 0
      ? 'no checkpoint was written yet'
      : `the checkpoint of step ${savedStep} in ${checkpoints} is good`;
  return new PellucidError(
    'train/diverged',
    `The loss or its gradient stopped being a number at step ${step + 1}; ${good}. Lower optimiser.learningRate or lengthen optimiser.warmup.`,
  );
}
