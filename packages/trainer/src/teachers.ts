import {
  type Before,
  buildNetwork,
  enlargement,
  type Graph,
  type Model,
  mergeModels,
  mergeNetworks,
  mergeWeights,
  type NetworkConfig,
  PellucidError,
  type Weights,
  weightsOf,
} from '@pellucid/core';
import { readGraphModelTeacher, type Teacher } from './graph-model-teacher.ts';
import { type Method, methodOf } from './methods/index.ts';
import { loadModel } from './model-file.ts';
import { isTold, type Recipe, trainingGraph, unpaired } from './recipe.ts';

/**
 * The models that teach: the recipe's teacher, then any other that its method names. None for a method without. Several
 * teachers and their aggregator count as one, which makes of a photograph what they make of it together; a method that
 * trains an aggregator has them one by one.
 *
 * @throws PellucidError `train/other-teachers` where the aggregator was not trained with these, in this order; and as
 *   `loadModel` and `readGraphModelTeacher` do
 */
export async function loadTeachers({ teacher, teachers, aggregator, method }: Recipe): Promise<Teacher[]> {
  if (teachers) {
    const models = await Promise.all(teachers.map(loadModel));
    if (!aggregator) return models;
    return [
      mergeModels(models, aggregator === 'mean' ? meanOf(models) : await loadAggregator(aggregator, models)),
    ];
  }
  const other = method.kind === 'slkd' && method.teacherB !== 'same' ? method.teacherB : undefined;
  const locations = [teacher, other].filter((location) => location !== undefined);
  return Promise.all(
    locations.map((location) =>
      location.endsWith('.json') ? readGraphModelTeacher(location) : loadModel(location),
    ),
  );
}

async function loadAggregator(location: string, teachers: readonly Model[]): Promise<Model> {
  const aggregator = await loadModel(location);
  const other = (why: string) => new PellucidError('train/other-teachers', `aggregator: ${location} ${why}.`);
  const { merges } = aggregator;
  if (!merges) throw other('merges no images: give mean, or a model that the method mtkd-aggregate trained');
  const names = teachers.map(({ name }) => name).join(', ');
  if (merges.join(', ') === names) return aggregator;
  throw other(`merges the images of ${merges.join(', ')}, in this order, and teachers lists ${names}`);
}

/** An untrained blend is the mean. */
function meanOf(teachers: readonly Model[]): Model {
  const network: NetworkConfig = { kind: 'blend', images: teachers.length };
  const graph = buildNetwork(network);
  const weights = new Map(
    weightsOf(graph).map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
  );
  return { name: 'mean', task: teachers[0]!.task, network, graph, weights };
}

/**
 * What makes a restored photograph of a degraded one: the student, or, where it merges its teachers' images, they and it.
 *
 * @returns the whole graph, and those of its weights that are not the student's
 */
export function restoringNetwork(
  { method }: Recipe,
  student: Graph,
  teachers: readonly Model[],
): { graph: Graph; weights: Weights } {
  if (method.kind !== 'mtkd-aggregate') return { graph: student, weights: new Map() };
  const graphs = teachers.map(({ graph }) => graph);
  const weights = mergeWeights(
    teachers.map(({ weights }) => weights),
    [],
  );
  return { graph: mergeNetworks(graphs, student), weights };
}

/**
 * The recipe's method, once it is clear that these teachers can teach its student.
 *
 * @throws PellucidError `train/patch-size`, `train/unfit-teacher`, and what `methodOf` throws, each naming the key to change
 */
export function methodFor(recipe: Recipe, teachers: readonly Model[]): Method {
  for (const teacher of teachers) refuseUnfit(teacher, recipe);
  const graphs = teachers.map(({ graph }) => graph);
  const method = methodOf(recipe.method, trainingGraph(recipe.student), graphs);
  const { patchMultiple = 1 } = method;
  if (recipe.data.patch % patchMultiple === 0) return method;
  throw new PellucidError(
    'train/patch-size',
    `The method ${recipe.method.kind} needs patches whose sides are multiples of ${patchMultiple} between these networks: change data.patch.`,
  );
}

function refuseUnfit({ name, graph, before }: Model, { data, degradation, before: shown }: Recipe): void {
  const unfit = (why: string) => new PellucidError('train/unfit-teacher', `teacher: ${name} ${why}.`);
  const images = (step: Before | undefined) => (step ? `what ${step} made of it too` : 'it alone');
  if (before !== shown)
    throw unfit(
      `sees of a photograph ${images(before)}, and the student ${images(shown)}: \`before\` must be one`,
    );
  const refusal = before ? undefined : unpaired(graph, degradation);
  if (refusal) throw unfit(refusal);
  if (isTold(graph) && degradation?.kind !== 'gaussian-noise')
    throw unfit(
      `must be told the noise level, which only degradation.kind gaussian-noise has, not ${degradation?.kind ?? 'a recorded pair'}`,
    );
  const alignment = graph.alignment * enlargement(graph);
  if (data.patch % alignment === 0 && data.validation.size % alignment === 0) return;
  throw new PellucidError(
    'train/patch-size',
    `The teacher ${name} takes sides that are multiples of ${alignment}: change data.patch or data.validation.size.`,
  );
}
