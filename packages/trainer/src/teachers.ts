import { enlargement, type Model, PellucidError } from '@pellucid/core';
import { readGraphModelTeacher, type Teacher } from './graph-model-teacher.ts';
import { type Method, methodOf } from './methods/index.ts';
import { loadModel } from './model-file.ts';
import { isTold, type Recipe, trainingGraph, unpaired } from './recipe.ts';

/**
 * The models that teach: the recipe's teacher, then any other that its method names. None for a method without.
 *
 * @throws PellucidError as `loadModel` and `readGraphModelTeacher` do
 */
export async function loadTeachers({ teacher, method }: Recipe): Promise<Teacher[]> {
  const other = method.kind === 'slkd' && method.teacherB !== 'same' ? method.teacherB : undefined;
  const locations = [teacher, other].filter((location) => location !== undefined);
  return Promise.all(
    locations.map((location) =>
      location.endsWith('.json') ? readGraphModelTeacher(location) : loadModel(location),
    ),
  );
}

/**
 * The recipe's method, once it is clear that these teachers can teach its student.
 *
 * @throws PellucidError `train/patch-size`, `train/unfit-teacher`, and what `methodOf` throws, each naming the key to change
 */
export function methodFor(recipe: Recipe, teachers: readonly Model[]): Method {
  for (const teacher of teachers) refuseUnfit(teacher, recipe);
  const graphs = teachers.map(({ graph }) => graph);
  return methodOf(recipe.method, trainingGraph(recipe.student), graphs);
}

function refuseUnfit({ name, graph }: Model, { data, degradation }: Recipe): void {
  const unfit = (why: string) => new PellucidError('train/unfit-teacher', `teacher: ${name} ${why}.`);
  const refusal = unpaired(graph, degradation);
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
