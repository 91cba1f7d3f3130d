import { type Model, weightsOf } from '@pellucid/core';
import * as tf from '@tensorflow/tfjs-core';
import { degradedShape, type Pairs } from '../data/index.ts';
import { openGraphModel, type Teacher } from '../graph-model-teacher.ts';
import { distanceOf } from '../methods/distance.ts';
import { type Batch, type Method, methodOf, type Network } from '../methods/index.ts';
import { Parameters } from '../parameters.ts';
import { type Recipe, trainingGraph } from '../recipe.ts';
import { type CacheOptions, fingerprintsOf, TeacherCache } from '../teacher-cache.ts';
import { lossAndGradient } from './loss-and-gradient.ts';
import { refuseTooLarge } from './memory.ts';

/** Whatever computes the loss of a batch and its gradient: one engine, or several side by side. */
export interface Gradients {
  /**
   * @param weights the student's, flat, in the order of its graph, then the method's auxiliaries
   * @param gradient filled in place, laid out like `weights`
   * @returns `loss` and the named parts it was added up from, means over the batch
   * @throws PellucidError `engine/out-of-memory` for a batch that the engine cannot hold
   */
  compute(weights: Float32Array, batch: Pairs, gradient: Float32Array): Promise<Record<string, number>>;
  /** Frees what it holds; it cannot be used afterwards. */
  close(): Promise<void>;
}

/** Computes on the current TensorFlow.js backend, in this thread. */
export class LocalGradients implements Gradients {
  /** All that is trained. */
  readonly parameters: Parameters;
  readonly #graph: Network['graph'];
  readonly #method: Method;
  readonly #distance: Batch['distance'];
  readonly #teachers: Network[];

  /** @param cache where the teachers' answers are kept; nowhere unless given */
  constructor(
    recipe: Pick<Recipe, 'student' | 'method' | 'loss'>,
    teachers: readonly Teacher[],
    cache?: CacheOptions,
  ) {
    this.#graph = trainingGraph(recipe.student);
    const graphs = teachers.map(({ graph }) => graph);
    this.#method = methodOf(recipe.method, this.#graph, graphs);
    this.#distance = distanceOf(recipe.loss);
    this.parameters = new Parameters([...weightsOf(this.#graph), ...this.#method.auxiliaries]);
    this.#teachers = teachers.map((teacher) => ({
      graph: teacher.graph,
      weights: uploadModel(teacher),
      graphModel: teacher.graphModel && openGraphModel(teacher.graphModel),
      cache: cache && new TeacherCache(teacher, cache),
    }));
  }

  async compute(weights: Float32Array, pairs: Pairs, gradient: Float32Array) {
    const { clean, degraded, shape, noiseLevels } = pairs;
    const graphs = this.#teachers.map(({ graph }) => graph);
    if (tf.getBackend() === 'wasm') refuseTooLarge(this.#graph, graphs, shape, this.#method.held);
    const batch = {
      degraded: tf.tensor4d(degraded, degradedShape(pairs)),
      clean: tf.tensor4d(clean, shape),
      distance: this.#distance,
      conditions: noiseLevels ? { noiseLevel: tf.tensor1d(noiseLevels) } : {},
      fingerprints: this.#teachers.some(({ cache }) => cache) ? fingerprintsOf(pairs) : undefined,
    };
    const student = { graph: this.#graph, parameters: this.parameters, weights };
    try {
      return await lossAndGradient(this.#method, student, this.#teachers, batch, gradient);
    } finally {
      tf.dispose([batch.degraded, batch.clean, batch.conditions]);
    }
  }

  async close() {
    for (const { weights, graphModel } of this.#teachers) {
      tf.dispose(weights);
      graphModel?.dispose();
    }
  }
}

/** A model's weights on the current backend, by name. */
export function uploadModel({ graph, weights }: Pick<Model, 'graph' | 'weights'>): Network['weights'] {
  const parameters = new Parameters(weightsOf(graph));
  return parameters.upload(parameters.flatten(weights));
}
