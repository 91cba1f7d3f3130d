import { type Model, macsPerPixel, parameters, readModel } from '@pellucid/core';
import { BUNDLED } from './bundled.ts';

export type Task = keyof typeof BUNDLED;

export const TASKS = Object.keys(BUNDLED) as [Task, ...Task[]];

const read = new Map<Task, Model>();

/** The model for a task, read from the bundle once. */
export function modelFor(task: Task): Model {
  let model = read.get(task);
  if (!model) {
    model = readModel(new Uint8Array(BUNDLED[task]));
    read.set(task, model);
  }
  return model;
}

/** What `GET /v1/models` says of each model. */
export interface ModelSummary {
  task: Task;
  name: string;
  parameters: number;
  macs_per_pixel: number;
  file_bytes: number;
}

export function modelSummaries(): ModelSummary[] {
  return TASKS.map((task) => {
    const { name, graph } = modelFor(task);
    return {
      task,
      name,
      parameters: parameters(graph),
      macs_per_pixel: macsPerPixel(graph),
      file_bytes: BUNDLED[task].byteLength,
    };
  });
}
