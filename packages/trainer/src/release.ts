import path from 'node:path';
import { enlargement, type Graph, type Model, macsPerPixel, parameters, writeModel } from '@pellucid/core';
import { writeAtomically } from './atomic-file.ts';
import type { Teacher } from './graph-model-teacher.ts';
import { formatRecipe, type Recipe } from './recipe.ts';
import { releasedTasks } from './released.ts';
import type { TrainingResult } from './train.ts';
import { psnrConventions } from './validate.ts';

/**
 * Writes a trained student as a model that `restore`, `edge` and `bench` read, with a card that says what it is.
 *
 * @returns the model's folder
 */
export async function release(
  folder: string,
  { model, psnr }: TrainingResult,
  recipe: Recipe,
  teacher: Teacher | undefined,
): Promise<string> {
  const target = path.join(folder, 'model');
  await writeAtomically(path.join(target, 'model.safetensors'), writeModel(model, 'F16'));
  const { count, size } = recipe.data.validation;
  const { channel, crop } = psnrConventions(enlargement(model.graph));
  const border = crop === 0 ? 'no border crop' : `a border of ${crop} pixels left out`;
  await writeAtomically(
    path.join(target, 'card.md'),
    `# ${model.name}

Task: ${model.task}. Trained for ${recipe.steps} steps on ${recipe.data.photographs} photographs.

PSNR over ${count} validation images of ${size}x${size} (${channel}, 8-bit, ${border}):
${describePsnr(psnr)}.

${costTable(model.graph, graphOf(teacher))}

\`\`\`yaml
${formatRecipe(recipe).trimEnd()}
\`\`\`
`,
  );
  return target;
}

/** The graph that a teacher's cost is counted on, where it is known. */
export function graphOf(teacher: Teacher | undefined): Graph | undefined {
  return teacher?.graphModel ? undefined : teacher?.graph;
}

/** What to type next, for the model in `place`. */
export function nextSteps({ merges, task, graph }: Model, place: string): string {
  const scale = enlargement(graph);
  const condition = scale === 1 ? '' : ` --scale ${scale}`;
  if (merges)
    return `The model is in ${place}. It merges what ${merges.join(', ')} make, in this order. To teach a student with it, take
a recipe of the method mtkd with the same teachers, such as recipes/sr2-mtkd.yml, and
  --set aggregator=${place}`;
  const served = scale === 1 ? task : `${task}${scale}`;
  const serves = releasedTasks.includes(served);
  const measure = `The model is in ${place}. To restore with it, measure it${serves ? ', serve it' : ''}:
  npx -y pnpm@12 restore PHOTOGRAPH RESTORED --model ${place}
  npx -y pnpm@12 bench quality --dataset drawn --task ${task}${condition} --model ${place}`;
  if (!serves) return measure;
  return `${measure}
  cp ${path.join(place, 'model.safetensors')} models/${served}/small/ && npx -y pnpm@12 edge`;
}

/** What the validation measured, in words. */
export function describePsnr({ degraded, restored, teacher }: TrainingResult['psnr']): string {
  const words = [`${degraded.toFixed(2)} dB degraded`, `${restored.toFixed(2)} dB restored`];
  if (teacher !== undefined) words.push(`${teacher.toFixed(2)} dB restored by the teacher`);
  return words.join(', ');
}

/** Parameters and MACs of a student, as a Markdown table; beside its teacher's, with the reduction, if there is one. */
export function costTable(student: Graph, teacher: Graph | undefined): string {
  const rows: [string, (graph: Graph) => number, (value: number) => string][] = [
    ['parameters', parameters, (value) => Math.round(value).toLocaleString('en')],
    ['MACs per pixel', macsPerPixel, (value) => Math.round(value).toLocaleString('en')],
  ];
  const table = rows.map(([name, count, format]) => {
    if (!teacher) return `| ${name} | ${format(count(student))} |`;
    const reduction = 100 * (1 - count(student) / count(teacher));
    return `| ${name} | ${format(count(student))} | ${format(count(teacher))} | ${reduction.toFixed(1)} % |`;
  });
  const head = teacher
    ? ['|  | student | teacher | reduction |', '|---|--:|--:|--:|']
    : ['|  | student |', '|---|--:|'];
  return [...head, ...table].join('\n');
}
