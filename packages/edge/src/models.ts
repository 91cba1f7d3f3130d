import { enlargement, type Model, macsPerPixel, parameters, readModel } from '@pellucid/core';
import { BUNDLED as NETWORKS } from './bundled.ts';

const BUNDLED: Record<string, ArrayBuffer> = NETWORKS;

/** The name of a bundled model's task. */
export type Task = string;

export const TASKS: Task[] = Object.keys(BUNDLED);

/** Reads the model for a task from the bundle; its weights live as long as the caller keeps them. */
export function modelFor(task: Task): Model {
  return readModel(new Uint8Array(BUNDLED[task]!));
}

// Values, not promises: what a request that was dropped had begun would never come.
const fingerprints = new Map<Task, string>();

/** What tells a model's weights from all others, for keys of caches. */
export async function fingerprintOf(task: Task): Promise<string> {
  const fingerprint = fingerprints.get(task) ?? (await sha256(new Uint8Array(BUNDLED[task]!)));
  fingerprints.set(task, fingerprint);
  return fingerprint;
}

/** SHA-256 in hexadecimal. */
export async function sha256(data: Uint8Array<ArrayBuffer> | string): Promise<string> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a model is and costs, as `GET /v1/models` says it. */
export interface ModelSummary {
  task: Task;
  name: string;
  /** Output pixels for each input pixel along a side. */
  enlargement: number;
  parameters: number;
  macs_per_pixel: number;
  file_bytes: number;
}

const summaries = new Map<Task, ModelSummary>();

/** Reads each model once. @throws PellucidError where one cannot be read */
export function modelSummaries(): ModelSummary[] {
  return TASKS.map(summaryOf);
}

/** How many times the network for a task enlarges; `auto` is one that does not. */
export function enlargementFor(task: Task | 'auto'): number {
  return task === 'auto' ? 1 : summaryOf(task).enlargement;
}

function summaryOf(task: Task): ModelSummary {
  const known = summaries.get(task);
  if (known) return known;
  const { name, graph } = modelFor(task);
  const summary = {
    task,
    name,
    enlargement: enlargement(graph),
    parameters: parameters(graph),
    macs_per_pixel: macsPerPixel(graph),
    file_bytes: BUNDLED[task]!.byteLength,
  };
  summaries.set(task, summary);
  return summary;
}
